import { DeclaredEvents } from '../../src/room/room-settings.js';
import { caught } from '../support/caught.js';
import { issuesAt, order, schema } from '../support/schemas.js';

describe('Declared events', () => {
  const events = new DeclaredEvents({
    ordered: order,
    none: schema((value) => issuesAt(value, [])),
  });

  it('let pass what fits', () => {
    const data = { text: ' hello ', items: [{ price: 1 }] };
    events.check('ordered', data);
    expect(data).toEqual({ text: ' hello ', items: [{ price: 1 }] });
  });

  it('refuse what does not, naming event and paths and no value', () => {
    const data = { text: 'canary', items: [{ price: 1 }, { price: 'canary' }, {}] };
    expect(caught(() => events.check('ordered', data))).toMatchObject({
      code: 'invalid_data',
      message:
        'The data of the event "ordered" does not fit its schema at items[1].price, items[2].price.',
    });
    expect(caught(() => events.check('none', 'canary'))).toMatchObject({
      code: 'invalid_data',
      message: 'The data of the event "none" does not fit its schema at the data itself.',
    });
  });

  it.each(['said', 'constructor', '__proto__', ''])('do not concern %j', (event) => {
    events.check(event, undefined);
  });

  it('are refused when a schema is none', () => {
    for (const bad of [undefined, null, {}, () => true, { '~standard': {} }])
      expect(caught(() => new DeclaredEvents({ said: bad as never }))).toMatchObject({
        code: 'invalid_options',
        message: expect.stringContaining('"said"') as string,
      });
  });

  it('are refused when only roomgate may send one', () => {
    expect(caught(() => new DeclaredEvents({ hello: order }))).toMatchObject({
      code: 'reserved_event',
    });
  });

  it('take schemas that are functions', () => {
    const callable = Object.assign(() => {}, order);
    expect(caught(() => new DeclaredEvents({ said: callable }).check('said', 1))).toMatchObject({
      code: 'invalid_data',
    });
  });

  it.each([
    ['fits', async () => ({ value: 1 })],
    ['does not fit', async () => issuesAt(1, [])],
    ['fails', () => Promise.reject(new Error('canary'))],
  ])('have to be decided at once, even if a promise says that it %s', async (_, validate) => {
    const asynchronous = new DeclaredEvents({ said: schema(validate) });
    expect(caught(() => asynchronous.check('said', 1))).toMatchObject({
      code: 'invalid_options',
      message: expect.stringContaining('asynchronous') as string,
    });
    await new Promise((resolve) => setImmediate(resolve));
  });

  it('throw what a schema throws', () => {
    const failure = new Error('mine');
    const failing = new DeclaredEvents({
      said: schema(() => {
        throw failure;
      }),
    });
    expect(caught(() => failing.check('said', 1))).toBe(failure);
  });
});
