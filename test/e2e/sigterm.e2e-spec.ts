import { randomUUID } from 'node:crypto';
import { dial } from '../support/dial.js';
import { RoomProcess } from '../support/room-process.js';

const ROOM = randomUUID();

describe('A process that gets SIGTERM', () => {
  let server: RoomProcess;
  beforeEach(async () => {
    server = await RoomProcess.start();
  });
  afterEach(() => server.stop());

  it('says goodbye to everybody, closes with 1012 and ends within a second', async () => {
    const members = await Promise.all(
      ['a', 'b', 'c'].map(async (sub) =>
        dial(server.port, `/${ROOM}`, await server.mint({ sub, rooms: [ROOM] })),
      ),
    );
    const startedAt = Date.now();
    const signal = await server.terminate();
    expect(Date.now() - startedAt).toBeLessThan(1_000);
    expect(signal).toBe('SIGTERM');
    for (const member of members) {
      expect((await member.next('goodbye')).data).toMatchObject({ code: 1012, reconnect: true });
      await member.expectClosed(1012);
    }
    expect(server.output).not.toMatch(/error/i);
  });
});
