import { checkPublicationId, ownPublicationId } from '../../src/room/server-room.js';
import { refused } from '../support/caught.js';

describe('A publication id', () => {
  it.each(['a', 'x'.repeat(64), 'é'.repeat(32), '\u0000'])('may be %j', (id) => {
    expect(checkPublicationId(id)).toBe(id);
  });

  it.each<unknown>([
    '',
    'x'.repeat(65),
    'é'.repeat(33),
    1,
    null,
    {},
    ['a'],
    Buffer.from('a'),
    new ArrayBuffer(8),
  ])('cannot be %j: handlers may pass on what a client gave them', (id) => {
    const refusal = { code: 'invalid_data', message: 'A publication id has 1 to 64 bytes.' };
    expect(refused(() => checkPublicationId(id as string))).toEqual(refusal);
    expect(refused(() => ownPublicationId('alice', id as string))).toEqual(refusal);
  });

  it.each(['\ud800', '\udbff', 'a\udc00b'])('cannot have a lone surrogate: %j', (id) => {
    const refusal = { code: 'invalid_data' };
    expect(refused(() => checkPublicationId(id))).toMatchObject(refusal);
    expect(refused(() => ownPublicationId('alice', id))).toMatchObject(refusal);
  });

  it('of one subject is never that of another, and always the same', () => {
    const own = ownPublicationId('alice', 'x'.repeat(64));
    expect(own).toBe(ownPublicationId('alice', 'x'.repeat(64)));
    expect(checkPublicationId(own)).toBe(own);
    const all = ['alice', 'bob'].flatMap((who) =>
      ['1', '2'].map((id) => ownPublicationId(who, id)),
    );
    expect(new Set(all).size).toBe(4);
    // What a client says cannot be chosen so that it becomes an id that the server gave.
    expect(ownPublicationId('alice', own)).not.toBe(own);
  });
});
