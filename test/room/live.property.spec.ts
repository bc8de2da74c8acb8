import fc from 'fast-check';
import { RoomService } from 'nestjs-roomgate';
import { createRoomgateTestbed, type TestConnection } from 'nestjs-roomgate/testing';
import {
  deciding,
  GatedPolicy,
  GatedVerifier,
  resetSeams,
  verifying,
} from '../support/gated-seams.js';
import type { ModelConnection } from '../support/live-model.js';
import { Play } from '../support/live-play.js';
import { LiveGateway } from '../support/live-room.js';
import { BEGINNING, ROOMS, step, type Step } from '../support/live-steps.js';
import { nodeOf } from '../support/node-of.js';
import { propertyRuns } from '../support/property-runs.js';

function observed({ waiting }: TestConnection): Pick<ModelConnection, 'heard' | 'replies'> {
  const heard = waiting.filter(({ event }) => event === 'said' || event === 'gap');
  const replies = waiting.filter(({ id }) => id !== undefined);
  return {
    heard: heard.map(({ event, data }) => (event === 'said' ? String(data) : event)),
    replies: replies.map(
      ({ event, data }) => (event === 'exception' ? data.code : event) as string,
    ),
  };
}

describe('Live authority', () => {
  it('is what a model says, whatever happens and in whatever order answers come', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 80, size: 'max' }), async (steps) => {
        resetSeams();
        const testbed = await createRoomgateTestbed({
          providers: [LiveGateway, GatedPolicy],
          verifier: GatedVerifier,
          roomgate: { verdictDeadlineMs: 2 ** 31 - 1 },
        });
        try {
          const play = new Play(testbed);
          verifying.hold();
          deciding.hold();
          for (const one of BEGINNING) await play.do(one as Step);
          await play.answerAll();
          for (const one of steps) await play.do(one as Step);
          await play.answerAll();
          await play.do({ does: 'pass', seconds: 1 } as Step);
          await check(play);
        } finally {
          resetSeams();
          await testbed.close();
        }
      }),
      propertyRuns(60),
    );
  }, 300_000);
});

async function check({ model, pairs, testbed }: Play): Promise<void> {
  for (const { model: expected, client } of pairs) {
    expect(client === undefined).toBe(expected === undefined);
    if (!expected || !client) continue;
    const { heard, replies, closed } = expected;
    expect(observed(client)).toEqual({ heard, replies });
    if (closed) {
      await client.expectClosed(closed);
      expect(client.waiting.at(-1)).toMatchObject({ event: 'goodbye', data: { code: closed } });
    }
  }
  const { registry } = nodeOf(testbed);
  expect(registry.size).toBe(model.connections.filter(({ closed }) => !closed).length);
  for (const room of ROOMS) {
    const members = testbed.get(RoomService).members(room);
    expect(members.map(({ principal }) => principal.claims.jti)).toEqual(
      model.membersOf(room).map(({ token }) => token.jti),
    );
    for (const member of model.membersOf(room)) expect(model.mayBeIn(member)).toBe(true);
  }
}
