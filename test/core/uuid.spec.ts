import { newUuid } from '../../src/core/uuid.js';

describe('newUuid', () => {
  it('makes random UUIDs, never the same twice', () => {
    const ids = Array.from({ length: 1_000 }, newUuid);
    const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
    expect(ids.filter((id) => !uuid.test(id))).toEqual([]);
    expect(new Set(ids).size).toBe(ids.length);
  });
});
