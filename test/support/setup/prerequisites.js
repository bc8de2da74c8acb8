/**
 * Why this exists: some suites talk to programs that npm does not install. A missing one should cost a
 * reader one sentence, not a stack trace out of a child process, and should cost CI nothing: there (and
 * only there) the Debian package is installed.
 */
import { spawnSync } from 'node:child_process';

/**
 * @typedef {object} Prerequisite
 * @property {string} what         as it stands in the sentence
 * @property {string} usedBy       who needs it
 * @property {string} debian       the Debian package that brings it
 * @property {[string, ...string[]]} probe  a command that succeeds when it is there
 */

/** @type {Record<string, Prerequisite>} */
export const PREREQUISITES = {
  websocket: {
    what: "the system Python's `websocket` module (/usr/bin/python3)",
    usedBy: 'the tests with a foreign client',
    debian: 'python3-websocket',
    probe: ['/usr/bin/python3', '-c', 'import websocket'],
  },
  redis: {
    what: '`redis-server`',
    usedBy: 'the tests of the Redis engine',
    debian: 'redis-server',
    probe: ['redis-server', '--version'],
  },
};

/** @param {string} command @param {string[]} args */
const succeeds = (command, args) => spawnSync(command, args, { stdio: 'ignore' }).status === 0;

/**
 * Returns when the named prerequisite is there; in CI it installs it first.
 * @param {keyof typeof PREREQUISITES} name
 */
export function ensure(name) {
  const { what, usedBy, debian, probe } = PREREQUISITES[name];
  const [command, ...args] = probe;
  const isThere = () => succeeds(command, args);
  if (isThere()) return;

  if (process.env.CI) {
    succeeds('apt-get', ['update']);
    succeeds('apt-get', ['install', '-y', '--no-install-recommends', debian]);
    if (isThere()) return;
  }
  const error = new Error(
    `${usedBy} need ${what}: install it with \`apt-get install ${debian}\` and run the tests again`,
  );
  error.stack = ''; // Jest prints the stack when there is one; here the sentence is the whole story
  throw error;
}
