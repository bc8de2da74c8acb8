import { KeptPresence } from '../../../../src/room/engine/memory/memory-presence.js';

describe('KeptPresence', () => {
  let told: string[];
  let presence: KeptPresence;
  const enter = (connectionId: string, identity: string, until: number): void =>
    presence.enter({ connectionId, identity, memberId: `m-${connectionId}` }, until);
  const names = (now: number): string[] =>
    presence.page(100, now).members.map(({ memberId }) => memberId);

  beforeEach(() => {
    told = [];
    presence = new KeptPresence(({ kind, memberId }) => told.push(`${kind} ${memberId}`));
  });

  it('is empty when the last has gone, by itself or by time', () => {
    expect(presence.isEmpty).toBe(true);
    enter('c1', 'alice', 10);
    enter('c2', 'alice', 20);
    presence.exit('c1');
    expect(presence.isEmpty).toBe(false);
    presence.expire(20);
    expect(presence.isEmpty).toBe(true);
    presence.expire(20);
    expect(told).toEqual(['joined m-c1', 'left m-c1']);
  });

  it('lists nobody from the millisecond on at which the time is over', () => {
    enter('c1', 'alice', 10);
    expect([names(9), names(10)]).toEqual([['m-c1'], []]);
    expect(presence.page(100, 10).total).toBe(0);
    presence.expire(9);
    expect(told).toEqual(['joined m-c1']);
    presence.expire(10);
    expect(told).toEqual(['joined m-c1', 'left m-c1']);
  });

  it('says nothing of one that comes by another connection before it was told as gone', () => {
    enter('c1', 'alice', 10);
    enter('c2', 'alice', 100);
    expect(names(50)).toEqual(['m-c1']);
    presence.expire(50);
    expect(told).toEqual(['joined m-c1']);
    presence.exit('c2');
    expect(told).toEqual(['joined m-c1', 'left m-c1']);
  });

  it('moves a connection between subjects who have others', () => {
    enter('c1', 'alice', 10);
    enter('c2', 'alice', 10);
    enter('c3', 'bob', 10);
    enter('c1', 'bob', 10);
    expect(names(0)).toEqual(['m-c1', 'm-c3']);
    expect(told).toEqual(['joined m-c1', 'joined m-c3']);
    presence.exit('c2');
    expect(told.at(-1)).toBe('left m-c1');
    presence.exit('c3');
    expect(names(0)).toEqual(['m-c3']);
    presence.exit('c1');
    expect([told.at(-1), presence.isEmpty]).toEqual(['left m-c3', true]);
  });

  it('tells every one of many that go at once', () => {
    for (let n = 0; n < 100; n++) enter(`c${n}`, `s${n}`, n % 2 === 0 ? 10 : 100);
    told = [];
    presence.expire(10);
    expect(told).toHaveLength(50);
    expect(presence.page(3, 10)).toMatchObject({ total: 50, members: { length: 3 } });
  });
});
