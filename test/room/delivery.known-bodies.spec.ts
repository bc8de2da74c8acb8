import { jest } from '@jest/globals';
import { encodeMessage } from '../../src/connection/message.js';
import { KnownBodies } from '../../src/room/delivery.js';
import { createKeptTestbed, enter, say } from '../support/kept-rooms.js';
import { OTHER_ROOM, ROOM } from '../support/live-room.js';
import { typeOf } from '../support/recording-engine.js';
import { SharedEngine } from '../support/shared-engine.js';

const text = (data: unknown): { body: string } => ({ body: encodeMessage('said', data) });
/** The same text in another string, as it comes from a socket. */
const copyOf = ({ body }: { body: string }): { body: string } => ({
  body: Buffer.from(body).toString(),
});

let parse: jest.SpiedFunction<typeof JSON.parse>;
const parses = ({ body }: { body: string }): number =>
  parse.mock.calls.filter(([given]) => given === body).length;

beforeEach(() => {
  parse = jest.spyOn(JSON, 'parse');
});
afterEach(() => parse.mockRestore());

describe('KnownBodies', () => {
  it.each([
    ['text that is cut off', '{"event":"said","data":"}'],
    ['JSON of something else', '{"data":1}'],
    ['two values', '{"event":1}{}'],
    ['nothing', ''],
  ])('does not take %s for readable, however often it is asked', (_, body) => {
    const bodies = new KnownBodies();
    for (let times = 0; times < 3; times++) expect(bodies.isReadable({ body })).toBe(false);
  });

  it('takes bytes for readable whatever they are', () => {
    expect(new KnownBodies().isReadable({ body: Buffer.from('{') })).toBe(true);
  });

  it('parses the same body once', () => {
    const bodies = new KnownBodies();
    const said = text('hello');
    for (let times = 0; times < 5; times++) expect(bodies.isReadable(copyOf(said))).toBe(true);
    expect(parses(said)).toBe(1);
  });

  it('parses nothing that was encoded here, and everything that differs from it', () => {
    const bodies = new KnownBodies();
    const said = text('hello');
    bodies.add(said.body);
    expect(bodies.isReadable(copyOf(said))).toBe(true);
    expect(parses(said)).toBe(0);
    expect(bodies.isReadable({ body: said.body.replace('hello', 'hel\nlo') })).toBe(false);
  });

  it('parses nothing where no other process can publish', () => {
    const said = text('hello');
    expect(new KnownBodies(true).isReadable(said)).toBe(true);
    expect(parses(said)).toBe(0);
  });

  it('forgets the oldest bodies, so that its memory has a bound', () => {
    const bodies = new KnownBodies();
    const first = text('first');
    bodies.add(first.body);
    for (let n = 0; n < 20; n++) bodies.add(text(`${n} ${'x'.repeat(65_536)}`).body);
    expect(bodies.isReadable(first)).toBe(true);
    expect(parses(first)).toBe(1);
  });

  it('does not remember what nobody will read again', () => {
    const bodies = new KnownBodies();
    const said = text('hello');
    bodies.isReadable(said, false);
    bodies.isReadable(said, false);
    expect(parses(said)).toBe(2);
  });
});

it('A publication is parsed once on the node that did not publish it, and not by members that recover it', async () => {
  const shared = new SharedEngine();
  const [one, two] = await Promise.all(
    [shared.view(), shared.view()].map((view) => createKeptTestbed({ engine: typeOf(view) })),
  );
  if (!one || !two) throw new Error('Both nodes start.');
  const members = [await enter(one, 'a'), await enter(one, 'b'), await enter(two, 'c')];
  const said = text('canary');
  const [position] = await say(one, ROOM, 'canary');
  if (!position) throw new Error('It was said.');
  const { offset, epoch } = position;
  for (const member of members) expect(await member.next('said')).toMatchObject({ offset });
  expect(parses(said)).toBe(1);
  for (const node of [one, two, two]) {
    const member = await enter(node, 'd', { room: OTHER_ROOM });
    await member.request('room.join', { room: ROOM, position: { offset: offset - 1, epoch } });
    expect(await member.next('said')).toMatchObject({ offset, epoch });
  }
  expect(parses(said)).toBe(1);
  await one.close();
  await two.close();
});
