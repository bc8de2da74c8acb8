import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import {
  matchPath,
  parsePattern,
  type PathPattern,
  splitTarget,
} from '../../src/adapter/upgrade-checks.js';
import { propertyRuns } from '../support/property-runs.js';

const ROOM = 'a3f1c2d4-5e6f-4a7b-8c9d-0e1f2a3b4c5d';
const pattern = (text: string): PathPattern => parsePattern(text) as PathPattern;

describe('parsePattern', () => {
  it.each(['/:room', '/orders/:room', '/v1/:room/live', '/a-b_c/:room'])('reads %s', (text) => {
    expect(pattern(text).text).toBe(text);
    expect(pattern(text).expression.exec(text.replace(':room', ROOM))?.[1]).toBe(ROOM);
  });

  it.each([
    ['nothing', ''],
    ['a path without a room', '/orders'],
    ['two rooms', '/:room/:room'],
    ['no slash at the start', ':room'],
    ['a slash at the end', '/:room/'],
    ['an empty segment', '//:room'],
    ['another parameter', '/:id'],
    ['another parameter besides', '/:room/:id'],
    ['a part of a segment', '/x:room'],
    ['a wildcard', '/*/:room'],
    ['an encoded letter', '/%61/:room'],
    ['a dot', '/v1.0/:room'],
    ['a literal that could be a room', `/${ROOM}/:room`],
  ])('refuses %s', (_what, text) => {
    expect(parsePattern(text)).toBeUndefined();
  });
});

describe('splitTarget', () => {
  it.each([
    ['/x', '/x', ''],
    ['/x?', '/x', ''],
    ['/x?a=1?b', '/x', 'a=1?b'],
    ['?a', '', 'a'],
    ['', '', ''],
  ])('splits %j at the first question mark', (url, path, query) => {
    expect(splitTarget(url)).toEqual({ path, query });
  });

  it('loses nothing of the target', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (url) => {
        const { path, query } = splitTarget(url);
        expect(path).not.toContain('?');
        expect(url.startsWith(path)).toBe(true);
        expect([path, `${path}?${query}`]).toContain(url);
      }),
      propertyRuns(300),
    );
  });
});

describe('matchPath', () => {
  it.each([
    ['/:room', `/${ROOM}`],
    ['/:room', `/${ROOM.toUpperCase()}`],
    ['/orders/:room', `/orders/${ROOM}`],
    ['/v1/:room/live', `/v1/${ROOM}/live`],
  ])('finds the room of %s in %s, in lower case', (text, path) => {
    expect(matchPath(pattern(text), path)).toBe(ROOM);
  });

  it.each([
    ['/orders/:room', `/Orders/${ROOM}`],
    ['/orders/:room', `/orders/${ROOM}/`],
    ['/orders/:room', `/orders//${ROOM}`],
    ['/orders/:room', `/${ROOM}/orders`],
    ['/orders/:room', `/orders/${ROOM}/live`],
    ['/orders/:room', `/orders`],
    ['/:room', `${ROOM}`],
    ['/:room', `x${ROOM}`],
    ['/:room', `\\${ROOM}`],
    ['/:room', `/${ROOM}\n`],
    ['/:room', `/${ROOM.replaceAll('-', '_')}`],
    ['/:room', `/ａ${ROOM.slice(1)}`],
    ['/:room', '/:room'],
    ['/:room', ''],
  ])('finds no room of %s in %j', (text, path) => {
    expect(matchPath(pattern(text), path)).toBeUndefined();
  });

  /** Pieces from which targets are made that other parsers would take for a room's. */
  const pieces = [
    '/ // \\ . .. %2e %2F %00 # ; @ : * { } é \u212a \t \0 orders ORDERS evil http://evil'.split(
      ' ',
    ),
    [' ', ROOM, ROOM.toUpperCase()],
  ];
  const piece = fc.constantFrom(...pieces.flat());
  const hostile = fc.array(piece, { maxLength: 8 }).map((parts) => parts.join(''));

  it('finds a room only where path and pattern are the same bytes but for the case of the room', () => {
    const path = fc.oneof(
      hostile,
      hostile.map((text) => `/orders/${text}`),
      fc.string(),
    );
    fc.assert(
      fc.property(path, (text) => {
        const room = matchPath(pattern('/orders/:room'), text);
        if (room === undefined) expect(text).not.toBe(`/orders/${ROOM}`);
        else {
          expect(room).toMatch(/^[0-9a-f-]{36}$/);
          expect(text).toMatch(/^\/orders\/[0-9a-fA-F-]{36}$/);
          expect(text.toLowerCase()).toBe(`/orders/${room}`);
        }
      }),
      propertyRuns(1_000),
    );
  });

  it('finds every room at its own path', () => {
    const literal = fc.stringMatching(/^[A-Za-z0-9_-]{1,12}$/);
    fc.assert(
      fc.property(
        fc.array(literal, { maxLength: 3 }),
        fc.array(literal, { maxLength: 3 }),
        (before, after) => {
          const text = `/${[...before, ':room', ...after].join('/')}`;
          const room = randomUUID();
          expect(matchPath(pattern(text), text.replace(':room', room))).toBe(room);
        },
      ),
      propertyRuns(200),
    );
  });
});
