/**
 * Starts the programs that are measured, on loopback and on free ports, and ends every one of them.
 */
import { execFile, spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const here = path.dirname(fileURLToPath(import.meta.url));
const built = path.join(here, '../dist/article/roomgate.js');
const START_MS = 20_000;
const STOP_MS = 5_000;

/**
 * What a child process gets of this one's environment: neither our caller's keys nor its options for Node.
 * @param {string} folder @param {Record<string, string>} more
 */
const environment = (folder, more) => ({ PATH: process.env.PATH, HOME: folder, ...more });

/** @typedef {{ child: import('node:child_process').ChildProcess, output: string }} Program */

/** Programs that run until `close`. */
export class Programs {
  /** @type {import('node:child_process').ChildProcess[]} */
  #running = [];
  #server = '';

  /** @param {string} folder for everything that is written */
  constructor(folder) {
    this.folder = folder;
  }

  /** Builds the article's server from Debian's packages alone, so nothing is downloaded. */
  async build() {
    this.#server = path.join(this.folder, 'article-server');
    await promisify(execFile)('go', ['build', '-o', this.#server, path.join(here, 'server.go')], {
      env: { ...process.env, GO111MODULE: 'off', GOPATH: '/usr/share/gocode', GOFLAGS: '' },
      timeout: 120_000,
    });
  }

  /**
   * The article's server. It has no modes.
   * @param {{ secret?: string, tokenHeader?: string, mode?: string }} options
   */
  article({ secret = '', tokenHeader = '' }) {
    const env = { ARTICLE_SECRET: secret, ARTICLE_TOKEN_HEADER: tokenHeader };
    return this.#listening(this.#server, [], env);
  }

  /**
   * The same with roomgate, as in production unless another `mode` is given.
   * @param {{ secret?: string, tokenHeader?: string, mode?: string }} options
   */
  roomgate({ secret = '', tokenHeader = '', mode = 'production' }) {
    return this.#listening(process.execPath, [built], {
      NODE_ENV: mode,
      NO_COLOR: '1',
      ARTICLE_TOKEN_HEADER: tokenHeader,
      ROOMGATE_ISSUER: ISSUER,
      ROOMGATE_AUDIENCE: AUDIENCE,
      ROOMGATE_ALGORITHMS: 'HS256',
      ROOMGATE_SECRET: secret,
      ROOMGATE_CLOCK_TOLERANCE_MS: '0',
    });
  }

  /**
   * nginx with its documented block for WebSocket and the access log in its default format.
   * @param {readonly number[]} upstreams
   */
  async nginx(upstreams) {
    const folder = path.join(this.folder, 'nginx');
    mkdirSync(folder);
    const log = path.join(folder, 'access.log');
    const ports = await Promise.all(upstreams.map(freePort));
    const servers = upstreams.map(
      (upstream, i) => `server {
    listen 127.0.0.1:${ports[i]};
    location / {
      proxy_pass http://127.0.0.1:${upstream};
      proxy_http_version 1.1;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection "upgrade";
    }
  }`,
    );
    const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
      (name) => `${name}_temp_path ${folder}/${name};`,
    );
    const file = path.join(folder, 'nginx.conf');
    writeFileSync(
      file,
      `daemon off;
pid ${folder}/nginx.pid;
error_log stderr;
events {}
http {
  access_log ${log};
  ${[...temporary, ...servers].join('\n  ')}
}
`,
    );
    const program = this.#start('nginx', ['-c', file, '-p', folder, '-e', 'stderr'], {});
    await Promise.all(ports.map((port) => open(port, program)));
    return { log, ports };
  }

  /** Caddy with its access log in its default format. @param {readonly number[]} upstreams */
  async caddy(upstreams) {
    const folder = path.join(this.folder, 'caddy');
    mkdirSync(folder);
    const log = path.join(folder, 'access.log');
    const ports = await Promise.all(upstreams.map(freePort));
    const sites = upstreams.map(
      (upstream, i) => `http://:${ports[i]} {
  bind 127.0.0.1
  log {
    output file ${log}
  }
  reverse_proxy 127.0.0.1:${upstream}
}
`,
    );
    const file = path.join(folder, 'Caddyfile');
    writeFileSync(file, `{\n  admin off\n}\n${sites.join('')}`);
    const program = this.#start('caddy', ['run', '--adapter', 'caddyfile', '--config', file], {});
    await Promise.all(ports.map((port) => open(port, program)));
    return { log, ports };
  }

  /** Ends what was started, and does not wait for what does not end by itself. */
  async close() {
    await Promise.all(
      this.#running.splice(0).map(async (child) => {
        if (child.exitCode !== null || child.signalCode !== null) return;
        const ended = new Promise((resolve) => child.once('exit', resolve));
        child.kill('SIGTERM');
        const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
        await ended;
        clearTimeout(timer);
      }),
    );
  }

  /** @param {string} command @param {string[]} args @param {Record<string, string>} env */
  #start(command, args, env) {
    const child = spawn(command, args, {
      cwd: this.folder,
      env: environment(this.folder, env),
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#running.push(child);
    const program = { child, output: '' };
    const keep = (/** @type {Buffer} */ bytes) => (program.output += bytes);
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    child.on('error', (error) => (program.output += error.message));
    return program;
  }

  /**
   * Resolves when the program has printed its port. `port` is 0 where it ended instead.
   * @param {string} command @param {string[]} args @param {Record<string, string>} env
   */
  async #listening(command, args, env) {
    const program = this.#start(command, args, env);
    const port = await new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => reject(new Error(`${path.basename(command)} did not start:\n${program.output}`)),
        START_MS,
      );
      const look = () => {
        const found = /^listening on (\d+)$/m.exec(program.output)?.[1];
        if (found !== undefined) done(Number(found));
      };
      const done = (/** @type {number} */ value) => {
        clearTimeout(timer);
        resolve(value);
      };
      program.child.stdout?.on('data', look);
      program.child.once('close', () => done(0));
      program.child.once('error', () => done(0));
    });
    return Object.assign(program, { port });
  }
}

export const ISSUER = 'urn:example:article';
export const AUDIENCE = 'article';

/** @returns {Promise<number>} */
function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
      server.close(() => resolve(port));
    });
  });
}

/** Waits until a program has opened its port. @param {number} port @param {Program} program */
async function open(port, program) {
  for (const end = Date.now() + START_MS; ;) {
    const isOpen = await new Promise((resolve) => {
      const socket = connect(port, '127.0.0.1', () => resolve(true));
      socket.once('error', () => resolve(false)).once('connect', () => socket.destroy());
    });
    if (isOpen) return;
    if (program.child.exitCode !== null || Date.now() > end)
      throw new Error(`Nothing listens on port ${port}:\n${program.output}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
