import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import '../support/process-budget.js';

const child = (name: string): string =>
  fileURLToPath(new URL(`../support/child/${name}`, import.meta.url));

describe('A subclass of the real ThrottlerGuard as APP_GUARD', () => {
  it('counts messages for each principal, however it is connected, and HTTP requests as before', async () => {
    const app = fork(child('throttled-app.ts'), { execArgv: ['--import', child('register.mjs')] });
    const result = await new Promise((resolve, reject) => {
      app.once('message', resolve);
      app.once('exit', (code) => reject(new Error(`The app ended with ${code}.`)));
    });
    const limited = ['alice', 'exception', 'rate_limited'];
    expect(result).toEqual({
      messages: [
        ...Array.from({ length: 3 }, () => ['alice', 'ack', 'pong']),
        limited,
        limited,
        ['bob', 'ack', 'pong'],
      ],
      handled: 4,
      statuses: [200, 200, 200, 429],
    });
  });
});
