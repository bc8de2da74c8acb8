import { FakeClock } from 'nestjs-roomgate/testing';
import { createPrincipal } from '../../src/admission/principal.js';
import { Refusal } from '../../src/admission/refusals.js';
import { RightsCache } from '../../src/admission/room-admission.js';
import { toRoomId } from '../../src/admission/room-id.js';
import { type RoomAccess, RoomPolicy, type RoomRights } from '../../src/admission/room-policy.js';

class Policy extends RoomPolicy {
  override readonly cacheMs: number = 1_000;

  join(): boolean {
    return true;
  }
}

class CarelessPolicy extends Policy {
  override readonly cacheMs = 0;
}

const A = toRoomId('0198a1c2-7b3d-4e5f-8a9b-0c1d2e3f4a5b');
const B = toRoomId('0198a1c2-7b3d-4e5f-8a9b-0c1d2e3f4a5c');
const RIGHTS: RoomRights = { publish: true, presence: true, history: true };

function access(others: Partial<RoomAccess> = {}, claims: object = {}): RoomAccess {
  const principal = createPrincipal({ iss: 'i', sub: 'alice', iat: 1, exp: 2, ...claims }, 0);
  return { roomName: 'default', room: A, principal, ...others };
}

describe('RightsCache', () => {
  const policy = new Policy();
  let clock: FakeClock;
  let generation: number;
  let cache: RightsCache;
  let asked: number;
  let answer: RoomRights | Refusal;

  const ask = async (about = access(), of: RoomPolicy = policy): Promise<RoomRights | Refusal> =>
    cache.ask(of, about, () => {
      asked += 1;
      return Promise.resolve(answer);
    });

  beforeEach(() => {
    clock = new FakeClock(0);
    generation = 0;
    cache = new RightsCache(
      () => clock.now(),
      () => generation,
    );
    asked = 0;
    answer = RIGHTS;
  });

  it('asks once for as long as the policy says, whatever the answer', async () => {
    for (const said of [RIGHTS, new Refusal('room_forbidden')]) {
      answer = said;
      generation += 1;
      asked = 0;
      expect([await ask(), await ask()]).toEqual([said, said]);
      expect(asked).toBe(1);
      clock.advance(1_000);
      await ask();
      expect(asked).toBe(2);
    }
  });

  it.each<[string, RoomAccess]>([
    ['another room', access({ room: B })],
    ['a room of another name', access({ roomName: 'orders' })],
    ['another subject', access({}, { sub: 'bob' })],
    ['another issuer', access({}, { iss: 'j' })],
    ['another claim', access({}, { tenant: 'acme' })],
  ])('asks again about %s', async (_what, about) => {
    await ask();
    await ask(about);
    expect(asked).toBe(2);
  });

  it('asks again when rights were asked for anew, and keeps no answer from before', async () => {
    await ask();
    generation += 1;
    await ask();
    expect(asked).toBe(2);
    const late = cache.ask(policy, access({ room: B }), async () => {
      await Promise.resolve();
      generation += 1;
      return RIGHTS;
    });
    await late;
    await ask(access({ room: B }));
    expect(asked).toBe(3);
  });

  it('remembers no failure, nothing for a policy that wants none, and nothing of another policy', async () => {
    answer = new Refusal('unavailable');
    await ask();
    await ask();
    expect(asked).toBe(2);
    answer = RIGHTS;
    await ask(access(), new CarelessPolicy());
    await ask(access(), new CarelessPolicy());
    expect(asked).toBe(4);
    await ask();
    await ask(access(), new Policy());
    expect(asked).toBe(6);
  });
});
