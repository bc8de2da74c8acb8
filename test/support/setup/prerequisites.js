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

/**
 * The same for several, with one command for all that is missing. Services that Debian's packages bring are not started.
 * @param {readonly (keyof typeof PREREQUISITES)[]} names
 */
export function ensureAll(names) {
  const missing = () =>
    names
      .map((name) => PREREQUISITES[name])
      .filter(({ probe: [command, ...args] }) => !succeeds(command, args));
  let lacking = missing();
  if (lacking.length > 0 && process.env.CI) {
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' };
    const packages = lacking.map(({ debian }) => debian);
    spawnSync('apt-get', ['update'], { stdio: 'inherit', env });
    spawnSync('apt-get', ['install', '-y', '--no-install-recommends', ...packages], {
      stdio: 'inherit',
      env,
    });
    lacking = missing();
  }
  if (lacking.length === 0) return;
  const error = new Error(
    `Not installed: ${lacking.map(({ what }) => what).join(', ')}. Run \`apt-get install --no-install-recommends ${lacking.map(({ debian }) => debian).join(' ')}\` as root, then try again.`,
  );
  error.stack = '';
  throw error;
}
