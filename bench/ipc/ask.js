// The runner's half of the channel: a child process that can be asked things.
import { spawn } from 'node:child_process';
import { endChild, watchChild } from './children.js';

const START_LIMIT_MS = 30_000;
const KEPT_STDERR_CHARACTERS = 4_000;

export class AskedProcess {
  /** @type {Map<number, {resolve: (answer: any) => void, reject: (error: Error) => void}>} */
  #waiting = new Map();
  #nextId = 1;
  #stderr = '';
  #child;
  /** @type {(error: Error | null) => void} */
  #started = () => {};

  /**
   * @param {string} name  for error messages
   * @param {string[]} command  program and arguments
   * @param {Record<string, string | undefined>} env
   */
  constructor(name, command, env) {
    this.name = name;
    this.#child = spawn(command[0], command.slice(1), {
      env,
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    watchChild(this.#child);
    this.#child.on('message', (message) => this.#onMessage(message));
    this.#child.on('error', (error) => this.#fail(error));
    this.#child.on('exit', (code, signal) => {
      this.#fail(new Error(`${name} ended (${signal ?? code})\n${this.#stderr}`));
    });
    this.#child.stderr?.on('data', (chunk) => {
      this.#stderr = (this.#stderr + chunk).slice(-KEPT_STDERR_CHARACTERS);
    });
  }

  /** @returns {Promise<void>} resolves when the process listens to questions */
  started() {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => reject(new Error(`${this.name} did not start`)),
        START_LIMIT_MS,
      );
      this.#started = (error) => {
        clearTimeout(timer);
        if (error) reject(error);
        else resolve();
      };
    });
  }

  /**
   * @param {string} question
   * @param {unknown} [argument]
   * @param {number} [limitMs]
   * @returns {Promise<any>}
   */
  ask(question, argument, limitMs = 120_000) {
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting.delete(id);
        reject(new Error(`${this.name} did not answer "${question}" within ${limitMs} ms`));
      }, limitMs);
      const settle = () => clearTimeout(timer);
      this.#waiting.set(id, {
        resolve: (answer) => (settle(), resolve(answer)),
        reject: (error) => (settle(), reject(error)),
      });
      this.#child.send({ id, question, argument }, (error) => error && this.#fail(error));
    });
  }

  /**
   * Ends the process and waits until it is gone, so that its memory and port are free again.
   *
   * @param {number} [limitMs]  after which it is not asked any more
   */
  end(limitMs) {
    return endChild(this.#child, limitMs);
  }

  /** @param {any} message */
  #onMessage(message) {
    if (message.ready) return this.#started(null);
    const waiting = this.#waiting.get(message.id);
    if (!waiting) return;
    this.#waiting.delete(message.id);
    if (message.error) waiting.reject(new Error(`${this.name}: ${message.error}`));
    else waiting.resolve(message.answer);
  }

  /** @param {Error} error */
  #fail(error) {
    this.#started(error);
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }
}
