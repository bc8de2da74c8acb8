import type { PresenceEntry } from '../../room/engine/engine.js';
import { A, B, type EngineProbe, BRIEF, type TestRunner, TTL_MS } from './engine-probe.js';

/** A connection of a subject, which gives itself a name, as nodes do. */
const entry = (connectionId: string, identity = connectionId): PresenceEntry => ({
  connectionId,
  identity,
  memberId: `m-${connectionId}`,
  info: { of: connectionId },
  meta: { secret: connectionId },
});

/** The promises about who is present. */
export function testPresence(probe: EngineProbe, { it, expect }: TestRunner): void {
  it('names who is present with all that was said of it, and tells others only what is for them', async () => {
    await probe.engine.subscribe(A);
    await probe.enter(A, entry('c1', 'alice'));
    expect(await probe.present(A)).toEqual({
      members: [
        { memberId: 'm-c1', identity: 'alice', info: { of: 'c1' }, meta: { secret: 'c1' } },
      ],
      total: 1,
    });
    expect(probe.changes).toEqual([[A, { kind: 'joined', memberId: 'm-c1', info: { of: 'c1' } }]]);
    expect(JSON.stringify(probe.changes)).not.toMatch(/secret|alice/);
    await probe.engine.exit(A, 'c1');
    expect(await probe.present(A)).toEqual({ members: [], total: 0 });
    expect(await probe.told(A)).toEqual(['joined m-c1', 'left m-c1']);
  });

  it('takes several connections of one subject for one member, told once, under its first name', async () => {
    await probe.engine.subscribe(A);
    for (const id of ['c1', 'c2', 'c3']) await probe.enter(A, entry(id, 'alice'));
    await probe.enter(A, entry('c4', 'bob'));
    const { members, total } = await probe.present(A);
    expect([members.map(({ memberId }) => memberId), total]).toEqual([['m-c1', 'm-c4'], 2]);
    expect(await probe.told(A)).toEqual(['joined m-c1', 'joined m-c4']);
    await probe.engine.exit(A, 'c1');
    await probe.engine.exit(A, 'c3');
    const [alice] = (await probe.present(A)).members;
    expect(alice).toMatchObject({ memberId: 'm-c1', info: { of: 'c2' }, meta: { secret: 'c2' } });
    expect(await probe.told(A)).toEqual([]);
    await probe.engine.exit(A, 'c2');
    expect(await probe.told(A)).toEqual(['left m-c1']);
    expect(await probe.names(A)).toEqual(['m-c4']);
  });

  it('gives who comes back another name', async () => {
    await probe.enter(A, entry('c1', 'alice'));
    await probe.engine.exit(A, 'c1');
    await probe.enter(A, entry('c2', 'alice'));
    expect(await probe.names(A)).toEqual(['m-c2']);
  });

  it('takes a connection that enters twice for one, and does not mind one that exits twice or was never there', async () => {
    await probe.engine.subscribe(A);
    await probe.engine.exit(A, 'nobody');
    await probe.enter(A, entry('c1', 'alice'));
    await probe.enter(A, { ...entry('c1', 'alice'), memberId: 'other', info: 'new' });
    expect(await probe.present(A)).toMatchObject({
      members: [{ memberId: 'm-c1', info: 'new' }],
      total: 1,
    });
    await probe.engine.exit(A, 'c1');
    await probe.engine.exit(A, 'c1');
    expect(await probe.told(A)).toEqual(['joined m-c1', 'left m-c1']);
    expect(await probe.present(A)).toEqual({ members: [], total: 0 });
  });

  it('takes a connection that enters as somebody else out of who it was', async () => {
    await probe.engine.subscribe(A);
    await probe.enter(A, entry('c1', 'alice'));
    await probe.enter(A, { ...entry('c1', 'bob'), memberId: 'm-bob' });
    expect(await probe.names(A)).toEqual(['m-bob']);
    expect(await probe.told(A)).toEqual(['joined m-c1', 'left m-c1', 'joined m-bob']);
    await probe.engine.exit(A, 'c1');
    expect(await probe.present(A)).toEqual({ members: [], total: 0 });
  });

  it('does not list who was not renewed in time, and tells it once as left when others are renewed', async () => {
    await probe.engine.subscribe(A);
    for (const id of ['c1', 'c2']) await probe.enter(A, entry(id), TTL_MS);
    await probe.told(A);
    await probe.advance(TTL_MS * 0.55);
    await probe.engine.renew(A, [entry('c2')], TTL_MS);
    expect(await probe.names(A)).toEqual(['m-c1', 'm-c2']);
    await probe.advance(TTL_MS * 0.55);
    expect(await probe.present(A)).toMatchObject({ members: [{ memberId: 'm-c2' }], total: 1 });
    for (let times = 0; times < 3; times++) await probe.engine.renew(A, [entry('c2')], TTL_MS);
    expect(await probe.told(A)).toEqual(['left m-c1']);
    await probe.engine.exit(A, 'c1');
    expect(await probe.told(A)).toEqual([]);
  });

  it('keeps a member that lost one connection to time and has another', async () => {
    await probe.engine.subscribe(A);
    for (const id of ['c1', 'c2']) await probe.enter(A, entry(id, 'alice'), TTL_MS);
    await probe.told(A);
    for (let times = 0; times < 3; times++) {
      await probe.advance(TTL_MS * 0.4);
      await probe.engine.renew(A, [entry('c2', 'alice')], TTL_MS);
    }
    expect(await probe.names(A)).toEqual(['m-c1']);
    expect(await probe.told(A)).toEqual([]);
    await probe.engine.exit(A, 'c2');
    expect(await probe.told(A)).toEqual(['left m-c1']);
  });

  it('tells as joined again whom it took for gone too early', async () => {
    await probe.engine.subscribe(A);
    await probe.enter(A, entry('c1'), TTL_MS);
    await probe.advance(TTL_MS * 1.1);
    await probe.engine.renew(A, [entry('c2')], TTL_MS);
    const told = await probe.told(A);
    expect(told.toSorted()).toEqual(['joined m-c1', 'joined m-c2', 'left m-c1']);
    await probe.engine.renew(A, [entry('c1'), entry('c2')], TTL_MS);
    expect(await probe.told(A)).toEqual(['joined m-c1']);
    expect((await probe.names(A)).toSorted()).toEqual(['m-c1', 'm-c2']);
  });

  it('names the earliest first, as many as were asked for, and counts all', async () => {
    for (let n = 0; n < 5; n++) await probe.enter(A, entry(`c${n}`));
    const names = async (limit: number): Promise<unknown> => {
      const { members, total } = await probe.present(A, limit);
      return [members.map(({ memberId }) => memberId), total];
    };
    expect(await names(2)).toEqual([['m-c0', 'm-c1'], 5]);
    expect(await names(Infinity)).toEqual([['m-c0', 'm-c1', 'm-c2', 'm-c3', 'm-c4'], 5]);
    await probe.engine.exit(A, 'c0');
    expect(await names(1)).toEqual([['m-c1'], 4]);
    expect(await names(0)).toEqual([[], 4]);
  });

  it('keeps keys apart, and tells nothing of a key that is not subscribed', async () => {
    await probe.engine.subscribe(A);
    await probe.enter(A, entry('c1'));
    await probe.enter(B, entry('c1', 'bob'));
    await probe.engine.exit(A, 'c1');
    expect(await probe.names(B)).toEqual(['m-c1']);
    expect(await probe.told(A)).toEqual(['joined m-c1', 'left m-c1']);
    await probe.engine.unsubscribe(A);
    await probe.enter(A, entry('c2'));
    await probe.engine.exit(A, 'c2');
    expect([await probe.told(A), await probe.told(B)]).toEqual([[], []]);
  });

  it('knows who is present whether it is subscribed or not, and whatever became of what was said', async () => {
    await probe.keep(A, 'said', BRIEF);
    await probe.enter(A, entry('c1'));
    await probe.engine.subscribe(A, BRIEF);
    await probe.engine.unsubscribe(A);
    expect(await probe.names(A)).toEqual(['m-c1']);
    await probe.advance(TTL_MS * 1.1);
    await probe.engine.subscribe(B, BRIEF);
    expect(await probe.names(A)).toEqual(['m-c1']);
    await probe.engine.subscribe(A, BRIEF);
    await probe.engine.exit(A, 'c1');
    expect(await probe.told(A)).toEqual(['left m-c1']);
  });
}
