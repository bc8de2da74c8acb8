/**
 * The first ten minutes of a new user, scripted: the packed package, a Nest app from nothing, a
 * generated gateway, and a Python client that says and hears. Needs `npm ci`, the npm registry that
 * the environment names, and python3-websocket. The Nest CLI is fetched here, because its packages
 * do not accept Node 20 and `npm ci` would warn of that.
 */
import { randomUUID } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createIssuer } from './issuer.js';
import { missingPeers, pack } from './package.js';
import { findPython, runPython } from './python-client.js';
import { startApp } from './running-app.js';
import { changedPaths, lostLines, readSources } from './sources.js';
import { assert, runSteps, step } from './steps.js';
import { createWorkspace } from './workspace.js';

const workspace = createWorkspace();
const app = join(workspace.folder, 'shop');
const cli = join(workspace.folder, 'cli');
const issuer = createIssuer(workspace.folder);
const room = randomUUID();
const token = issuer.mint({ sub: 'alice', rooms: [room] });

let python, tarball, pristine, server;
const npmRun = (script, environment) => (run) =>
  run('npm', ['run', script], { cwd: app, env: environment });

const steps = [
  step('Python has websocket-client', 20, async (run) => {
    python = await findPython(run);
  }),

  step('npm pack: the library, the test kit and the schematic are in it', 60, async (run) => {
    const packed = await pack(run, workspace.folder);
    tarball = packed.tarball;
    const schematics = 'dist/toolkit/schematics';
    for (const file of [
      'dist/index.js',
      'dist/index.d.ts',
      'dist/testing.js',
      `${schematics}/collection.json`,
      `${schematics}/room-gateway/schema.json`,
      `${schematics}/room-gateway/files/gateway.ts.template`,
    ]) {
      assert(packed.files.includes(file), `the tarball lacks ${file}`);
    }
  }),

  step('npm install of the Nest CLI', 240, (run) =>
    run('npm', ['install', '--no-audit', '--no-fund', '--prefix', cli, '@nestjs/cli@12'], {
      cwd: workspace.folder,
    }),
  ),

  step('nest new', 240, async (run) => {
    const nest = join(cli, 'node_modules/@nestjs/cli/bin/nest.js');
    const flags = ['--skip-git', '--package-manager', 'npm'];
    const { output } = await run(process.execPath, [nest, 'new', 'shop', ...flags], {
      cwd: workspace.folder,
    });
    // The CLI ends well even when its npm install did not.
    assert(existsSync(join(app, 'node_modules/@nestjs/core')), `nothing installed\n${output}`);
    pristine = readSources(app);
  }),

  step('npm install of the tarball and the peers a new app lacks', 240, (run) =>
    run('npm', ['install', '--no-audit', '--no-fund', tarball, ...missingPeers(app)], { cwd: app }),
  ),

  step('nest g -c nestjs-roomgate room-gateway orders', 60, async (run) => {
    const generate = ['g', '-c', 'nestjs-roomgate', 'room-gateway', 'orders'];
    const nest = join(app, 'node_modules/.bin/nest');
    const { output } = await run(nest, generate, { cwd: app });
    // The CLI ends well even when its schematic did not.
    assert(existsSync(join(app, 'src/orders/orders.gateway.ts')), output);
    const module = readFileSync(join(app, 'src/app.module.ts'), 'utf8');
    assert(module.includes('RoomgateModule.forRootAsync('), `AppModule lacks it\n${module}`);
  }),

  step('nothing but imports and one gateway class changed', 5, async () => {
    const current = readSources(app);
    const changed = changedPaths(pristine, current).join(' ');
    const expected = ['app.module.ts', 'orders/orders.gateway.spec.ts', 'orders/orders.gateway.ts'];
    assert(changed === expected.map((path) => `src/${path}`).join(' '), `changed: ${changed}`);
    const lost = lostLines(pristine, current, 'src/app.module.ts');
    const lists = lost.filter((line) => /^ {2}(imports|providers): \[.*\],$/.test(line));
    assert(lost.length === lists.length, `AppModule lost:\n${lost.join('\n')}`);
  }),

  step('npm run build', 90, npmRun('build')),
  step('npm run lint', 60, npmRun('lint')),

  step('npm test runs the generated spec', 90, async (run) => {
    const { output } = await npmRun('test')(run);
    assert(output.includes('orders.gateway.spec.ts'), `the spec was not run\n${output}`);
  }),

  step("npm run test:e2e, the app's own", 90, npmRun('test:e2e', issuer.environment)),

  step('the built app starts in strict mode', 40, async () => {
    server = await startApp(app, issuer.environment, 30);
  }),

  step('Python says and hears, with an Authorization header', 30, async (run) => {
    const url = server.url(`/orders/${room}`);
    const heard = await runPython(run, python, 'say_and_hear.py', [url], token);
    const said = { event: 'said', data: { from: 'alice', data: { text: 'hello' } }, room };
    const words = `${JSON.stringify(heard, null, 2)}\n${server.output()}`;
    assert(
      heard.hellos.every(({ event, data }) => event === 'hello' && data.room === room),
      words,
    );
    assert(JSON.stringify(heard.bobHeard) === JSON.stringify(said), words);
    const acks = heard.aliceHeard.filter(({ event, id }) => event === 'ack' && id === 1);
    const saids = heard.aliceHeard.filter(({ event }) => event === 'said');
    assert(acks.length === 1 && saids.length === 1, words);
  }),

  ...[
    ['400', 'a token in the query string', `/orders/${room}?token=${token}`, ''],
    ['401', 'nobody', `/orders/${room}`, ''],
    ['403', 'a room the token does not list', `/orders/${randomUUID()}`, token],
    ['404', 'a path without a room', '/orders', token],
  ].map(([status, visitor, path, bearer]) =>
    step(`${status} for ${visitor}`, 20, async (run) => {
      const verdict = await runPython(run, python, 'knock.py', [server.url(path)], bearer);
      assert(String(verdict.status) === status, JSON.stringify(verdict));
    }),
  ),
];

process.exitCode = await runSteps('cli', steps, async () => {
  await server?.stop();
  workspace.remove();
});
