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
  nginx: {
    what: '`nginx`',
    usedBy: 'the tests behind a proxy',
    debian: 'nginx',
    probe: ['nginx', '-v'],
  },
  redis: {
    what: '`redis-server`',
    usedBy: 'the tests of the Redis engine',
    debian: 'redis-server',
    probe: ['redis-server', '--version'],
  },
  pytest: {
    what: "the system Python's `pytest`",
    usedBy: "the article's function",
    debian: 'python3-pytest',
    probe: ['/usr/bin/python3', '-c', 'import pytest'],
  },
  go: {
    what: '`go`',
    usedBy: "the article's server",
    debian: 'golang-go',
    probe: ['go', 'version'],
  },
  gorilla: {
    what: 'gorilla/websocket',
    usedBy: "the article's server",
    debian: 'golang-github-gorilla-websocket-dev',
    probe: ['test', '-d', '/usr/share/gocode/src/github.com/gorilla/websocket'],
  },
  jwtGo: {
    what: 'jwt-go',
    usedBy: "the article's server",
    debian: 'golang-github-dgrijalva-jwt-go-dev',
    probe: ['test', '-d', '/usr/share/gocode/src/github.com/dgrijalva/jwt-go'],
  },
  nginx: {
    what: '`nginx`',
    usedBy: 'the checks of access logs',
    debian: 'nginx',
    probe: ['nginx', '-v'],
  },
  caddy: {
    what: '`caddy`',
    usedBy: 'the checks of access logs',
    debian: 'caddy',
    probe: ['caddy', 'version'],
  },
};

/** @param {string} command @param {string[]} args */
const succeeds = (command, args) => spawnSync(command, args, { stdio: 'ignore' }).status === 0;

/**
 * Returns when the named prerequisites are there; in CI it installs what is missing first, without starting services.
 * @param {...keyof typeof PREREQUISITES} names
 */
export function ensure(...names) {
  const findMissing = () =>
    names
      .map((name) => PREREQUISITES[name])
      .filter(({ probe: [command, ...args] }) => !succeeds(command, args));
  let missing = findMissing();
  if (missing.length > 0 && process.env.CI) {
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' };
    const packages = missing.map(({ debian }) => debian);
    spawnSync('apt-get', ['update'], { env });
    spawnSync('apt-get', ['install', '-y', '--no-install-recommends', ...packages], { env });
    missing = findMissing();
  }
  if (missing.length === 0) return;
  const list = missing.map(({ what, usedBy }) => `${what} for ${usedBy}`).join(', ');
  const packages = missing.map(({ debian }) => debian).join(' ');
  const error = new Error(
    `Not installed: ${list}. Run \`apt-get install --no-install-recommends ${packages}\` as root, then try again.`,
  );
  error.stack = ''; // Jest prints the stack when there is one; here the sentence is the whole story
  throw error;
}
