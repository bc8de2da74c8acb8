/**
 * `npm run article`: tries what the article says on the article's server and on roomgate, and prints the answers beside
 * the right ones. The exit code is 1 where roomgate is wrong, and where docs/the-article.md does not say what was
 * measured. With `--write` the tables of the document are made from this run.
 */
import { execFile } from 'node:child_process';
import { createHmac, randomBytes, randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensure } from '../../test/support/setup/prerequisites.js';
import { STATEMENTS } from './checks.js';
import { knock } from './knock.js';
import { AUDIENCE, ISSUER, Programs } from './programs.js';

const here = path.dirname(fileURLToPath(import.meta.url));
const DOCUMENT = path.join(here, '../../docs/the-article.md');
const LIMIT_MS = 300_000;

/**
 * @typedef {import('./checks.js').Door} Door
 * @typedef {'article' | 'roomgate'} Name
 * @typedef {import('./checks.js').Check & Record<Name, string>} Row  a check with what each server answered
 * @typedef {Omit<import('./checks.js').Statement, 'checks'> & { rows: Row[] }} Measured
 */

const SOURCES = { article: 'server.go', roomgate: 'roomgate.ts' };

/**
 * Starts one of the servers, with each of its extractors.
 * @param {Programs} programs @param {Name} name @returns {Promise<Door>}
 */
async function openDoor(programs, name) {
  const secret = randomBytes(32).toString('hex');
  const room = randomUUID();
  /** @type {string[]} */
  const minted = [];
  const [usual, own, development] = await Promise.all([
    programs[name]({ secret }),
    programs[name]({ secret, tokenHeader: 'X-Access-Token' }),
    programs[name]({ secret, mode: 'development' }),
  ]);
  for (const { port, output } of [usual, own, development])
    if (port === 0) throw new Error(`${SOURCES[name]} did not start:\n${output}`);
  /** @type {Door['mint']} */
  const mint = (claims) => {
    minted.push(signToken({ secret, rooms: [room], ...claims }));
    return minted[minted.length - 1];
  };
  return {
    secret,
    room,
    sourceFile: path.join(here, SOURCES[name]),
    proxies: {},
    mint,
    minted,
    knock: (handshake, port = usual.port) => knock(port, handshake),
    pytest: () => runPytest(`ws://127.0.0.1:${usual.port}/${room}`, mint()),
    starts: async (other) => (await programs[name]({ secret: other })).port !== 0,
    usual,
    own,
    development,
  };
}

/** A token that both servers take. @param {Record<string, unknown>} claims with the `secret` */
function signToken({ secret, ...claims }) {
  const iat = Math.floor(Date.now() / 1000);
  const all = { iss: ISSUER, aud: AUDIENCE, sub: 'alice', iat, exp: iat + 600, ...claims };
  const content = [{ alg: 'HS256', typ: 'JWT' }, all]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.');
  const signature = createHmac('sha256', String(secret)).update(content).digest('base64url');
  return `${content}.${signature}`;
}

/** Runs the article's function. @param {string} url @param {string} token @returns {Promise<string>} */
function runPytest(url, token) {
  const args = ['-m', 'pytest', '-q', '-p', 'no:cacheprovider', here];
  const env = {
    PATH: process.env.PATH,
    PYTHONDONTWRITEBYTECODE: '1',
    ARTICLE_URL: url,
    ARTICLE_TOKEN: token,
  };
  return new Promise((resolve) =>
    execFile('/usr/bin/python3', args, { env, timeout: 60_000 }, (error) =>
      resolve(error ? 'fails' : 'passes'),
    ),
  );
}

/** Runs the checks one after another, each on both servers. @param {Programs} programs */
async function measure(programs) {
  await programs.build();
  const [article, roomgate] = await Promise.all([
    openDoor(programs, 'article'),
    openDoor(programs, 'roomgate'),
  ]);
  const upstreams = [article.usual.port, roomgate.usual.port];
  const started = {
    nginx: await programs.nginx(upstreams),
    Caddy: await programs.caddy(upstreams),
  };
  for (const [proxy, { ports, log }] of Object.entries(started)) {
    article.proxies[proxy] = { port: ports[0], log };
    roomgate.proxies[proxy] = { port: ports[1], log };
  }
  /** @type {Measured[]} */
  const measured = [];
  for (const { checks, ...statement } of STATEMENTS) {
    /** @type {Row[]} */
    const rows = [];
    for (const check of checks) {
      const answers = { article: await check.run(article), roomgate: await check.run(roomgate) };
      rows.push({ ...check, ...answers });
    }
    measured.push({ ...statement, rows });
  }
  return measured;
}

/** @param {Row} row @param {Name} name */
const isRight = ({ right, ...row }, name) => right.answers.includes(row[name]);

/** @param {string} answer */
const isRefusal = (answer) => /^(4\d\d|refused)/.test(answer);

/** A refusal where one is right, but not the one that is right. @param {Row} row @param {Name} name */
const isOtherRefusal = ({ right, ...row }, name) =>
  isRefusal(row[name]) && right.answers.some(isRefusal);

/** @param {Row} row @param {Name} name */
function marked(row, name) {
  if (isRight(row, name)) return row[name];
  return `${isOtherRefusal(row, name) ? '~' : '✗'} ${row[name]}`;
}

const HEAD = ['tried', 'the article says', "the article's server", 'roomgate', 'right by RFC'];
/** @param {Row} row */
const cells = (row) => [
  row.tried,
  row.says || '–',
  marked(row, 'article'),
  marked(row, 'roomgate'),
  `${row.right.shown} (${row.by})`,
];

/** Whether the article's own server does what the article says. @param {Row} row */
const isAsSaid = ({ says, article }) => (says === 'in') === !isRefusal(article);

/** @param {readonly Measured[]} measured */
function summary(measured) {
  const rows = measured.flatMap((statement) => statement.rows);
  const count = (/** @type {(row: Row) => boolean} */ fits) => rows.filter(fits).length;
  const right = count((row) => isRight(row, 'article'));
  const other = count((row) => !isRight(row, 'article') && isOtherRefusal(row, 'article'));
  const said = count((row) => row.says !== '');
  const asSaid = count((row) => row.says !== '' && isAsSaid(row));
  return [
    `Of ${rows.length} checks roomgate is right in ${count((row) => isRight(row, 'roomgate'))}.`,
    `The article's server is right in ${right}, refuses rightly but with another answer in ${other} (~),`,
    `and is wrong in ${rows.length - right - other} (✗).`,
    `The article says what happens in ${said} of the checks; its own server does otherwise in ${said - asSaid}.`,
  ].join('\n');
}

/** The measured parts of the document, by the names of their markers. @param {readonly Measured[]} measured */
function partsOf(measured) {
  const line = (/** @type {string[]} */ row) =>
    `| ${row.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  const sections = measured.map(({ id, title, says, rows }) => {
    const table = [HEAD, HEAD.map(() => '---'), ...rows.map(cells)].map(line);
    return /** @type {const} */ ([id, [`## ${title}`, '', says, '', ...table].join('\n')]);
  });
  return new Map([['summary', summary(measured)], ...sections]);
}

/** Puts each part between its markers. @param {string} document @param {ReadonlyMap<string, string>} parts */
function fill(document, parts) {
  for (const [name, part] of parts) {
    const [start, end] = [`<!-- ${name}:start -->`, `<!-- ${name}:end -->`];
    const from = document.indexOf(start);
    const to = document.indexOf(end);
    if (from < 0 || to < from)
      throw new Error(`docs/the-article.md needs a line ${start} and below it ${end}.`);
    document = `${document.slice(0, from + start.length)}\n${part}\n${document.slice(to)}`;
  }
  return document;
}

/** @param {readonly Measured[]} measured */
function print(measured) {
  for (const { title, rows } of measured) {
    const table = [HEAD, ...rows.map((row) => cells(row).map((cell) => cell.replaceAll('`', '')))];
    const widths = HEAD.map((_, i) => Math.max(...table.map((row) => row[i].length)));
    console.log(`\n${title}`);
    for (const row of table)
      console.log(
        `  ${row
          .map((cell, i) => cell.padEnd(widths[i]))
          .join('  ')
          .trimEnd()}`,
      );
  }
  console.log(`\n${summary(measured)}`);
}

/** What is wrong with the run, or with the document. @param {readonly Measured[]} measured */
function problemsOf(measured) {
  const wrong = measured
    .flatMap(({ rows }) => rows)
    .filter((row) => !isRight(row, 'roomgate'))
    .map(
      ({ tried, roomgate, right }) =>
        `roomgate is wrong: ${tried}: ${roomgate}, expected ${right.shown}`,
    );

  const document = readFileSync(DOCUMENT, 'utf8');
  const wanted = fill(document, partsOf(measured));
  if (document === wanted) return wrong;
  if (process.argv.includes('--write')) {
    writeFileSync(DOCUMENT, wanted);
    return wrong;
  }
  const written = new Set(document.split('\n'));
  const missing = wanted.split('\n').filter((line) => !written.has(line));
  return [
    ...wrong,
    'docs/the-article.md does not say what was measured; `npm run article -- --write` makes its tables. It lacks:',
    ...missing,
  ];
}

/** @param {Programs} programs @returns {Promise<number>} the exit code */
async function run(programs) {
  ensure('go', 'gorilla', 'jwtGo', 'nginx', 'caddy', 'websocket', 'pytest');
  const measured = await measure(programs);
  print(measured);
  const problems = problemsOf(measured);
  if (problems.length > 0) console.error(`\n${problems.join('\n')}`);
  return problems.length > 0 ? 1 : 0;
}

const programs = new Programs(mkdtempSync(path.join(tmpdir(), 'article-')));
/** @param {number} code */
const end = async (code) => {
  await programs.close();
  rmSync(programs.folder, { recursive: true, force: true });
  process.exit(code);
};
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => void end(1));
setTimeout(() => {
  console.error(`The checks did not end within ${LIMIT_MS / 1000} s.`);
  void end(1);
}, LIMIT_MS).unref();
run(programs).then(end, (error) => {
  console.error(error.stack || error.message);
  return end(1);
});
