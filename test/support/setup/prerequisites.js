/**
 * Why this exists: some tests talk to programs that npm does not install. This is the one place that knows them, looks
 * for them and installs them: for `npm test` (test/run.js), `npm run article` and .ci/run. Root installs Debian's
 * packages. Any other user is told the command; `sudo` is never called.
 *
 * `node test/support/setup/prerequisites.js` installs what `npm test` needs. It works before `npm ci`.
 */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

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
  openssl: {
    what: '`openssl`',
    usedBy: 'the tests with a certificate',
    debian: 'openssl',
    probe: ['openssl', 'version'],
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

/** What `npm test` needs, each by the file of test/support that starts it. */
export const TEST_PREREQUISITES = {
  websocket: 'test/support/python.ts',
  redis: 'test/support/redis/redis-process.ts',
  openssl: 'test/support/self-signed.ts',
  nginx: 'test/support/nginx.ts',
};

/** @typedef {keyof typeof PREREQUISITES} PrerequisiteName */

/** Those that are not installed. @param {readonly PrerequisiteName[]} names */
export function missing(names) {
  return names.filter((name) => {
    const [command, ...args] = PREREQUISITES[name].probe;
    return spawnSync(command, args, { stdio: 'ignore' }).status !== 0;
  });
}

/** The one command that brings them, for root. @param {readonly PrerequisiteName[]} names */
export function installCommand(names) {
  const packages = names.map((name) => PREREQUISITES[name].debian);
  return `apt-get install -y --no-install-recommends ${packages.join(' ')}`;
}

/**
 * Installs what is missing when this is root on Debian, and says so in one line. Services of the packages are not started.
 * @param {readonly PrerequisiteName[]} names
 * @returns {readonly PrerequisiteName[]} what is still missing
 */
export function install(names) {
  const lacking = missing(names);
  const canInstall = process.getuid?.() === 0 && spawnSync('apt-get', ['--version']).status === 0;
  if (lacking.length === 0 || !canInstall) return lacking;

  const command = installCommand(lacking);
  console.log(`Installing what the tests need: ${command}`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' };
  const run = spawnSync('/bin/sh', ['-c', `apt-get update && ${command}`], {
    env,
    encoding: 'utf8',
  });
  if (run.status !== 0) console.log(`apt-get failed: ${run.stderr.trim().split('\n').at(-1)}`);
  return missing(lacking);
}

/**
 * Installs them where this process may.
 * @param {...PrerequisiteName} names
 * @throws {Error} one sentence without a stack, when something is still missing
 */
export function ensure(...names) {
  const lacking = install(names);
  if (lacking.length === 0) return;
  const what = lacking.map((name) => PREREQUISITES[name].what).join(', ');
  const error = new Error(
    `Not installed: ${what}. Run \`${installCommand(lacking)}\` as root, then try again.`,
  );
  error.stack = ''; // Some runners print the stack when there is one; the sentence is the whole story.
  throw error;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const names = /** @type {PrerequisiteName[]} */ (Object.keys(TEST_PREREQUISITES));
  const lacking = install(names);
  if (lacking.length > 0) {
    console.error(`As root: ${installCommand(lacking)}`);
    process.exitCode = 1;
  }
}
