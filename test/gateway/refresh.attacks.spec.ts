import {
  createRoomgateTestbed,
  type RoomgateTestbed,
  type TestConnection,
  type TestMessage,
} from 'nestjs-roomgate/testing';
import { HOSTILE_TIMES, ODD_CLAIMS } from '../admission/hostile-claims.js';
import { UNSIGNED_TOKENS } from '../admission/hostile-tokens.js';
import { GatedPolicy } from '../support/gated-seams.js';
import { heard, LiveGateway, ROOM } from '../support/live-room.js';
import { serverEnd } from '../support/node-of.js';
import { A, B, TwoIssuers } from '../support/two-issuers.js';

describe('A refresh that is an attack', () => {
  const by = new TwoIssuers();
  const { nowS } = by;
  let testbed: RoomgateTestbed;
  let alice: TestConnection;

  beforeEach(async () => {
    testbed = await createRoomgateTestbed({
      providers: [LiveGateway, GatedPolicy],
      roomgate: { issuers: [...by.issuers], identityClaims: ['tenant'], maxStrikes: 1_000 },
    });
    testbed.clock.step(by.clock.now() - testbed.clock.now());
    const token = by.token({}, claims({ iat: nowS - 10, exp: nowS + 60 }));
    const headers = { authorization: `Bearer ${token}` };
    alice = await testbed.connectAs({ rooms: [ROOM], headers });
  });
  afterEach(() => testbed.close());

  const claims = (others: object = {}): object => ({ rooms: [ROOM], tenant: { id: 1 }, ...others });
  const send = (token: string): Promise<TestMessage> => alice.request('auth.refresh', { token });
  const expectNothingChanged = async (): Promise<void> => {
    const { principal } = serverEnd(testbed, alice);
    expect(principal.claims).toMatchObject({ iat: nowS - 10, exp: nowS + 60, tenant: { id: 1 } });
    expect(await alice.request('work')).toMatchObject({ event: 'ack' });
    await testbed.advance(65_000);
    expect(await alice.request('work')).toMatchObject({ data: { code: 'token_expired' } });
    await testbed.advance(25_250);
    await alice.expectClosed(4401);
    expect(heard(alice)).toEqual(['auth.expiring', 'goodbye']);
  };

  it.each<[string, string, (t: TwoIssuers) => string]>([
    ['another subject', 'identity_changed', (t) => t.token({}, claims({ sub: 'bob' }))],
    ['a subject of another case', 'identity_changed', (t) => t.token({}, claims({ sub: 'Alice' }))],
    [
      'the same subject of another issuer',
      'identity_changed',
      (t) => t.token({}, claims({ iss: B }), t.esOfB.privateKey),
    ],
    ['another tenant', 'identity_changed', (t) => t.token({}, claims({ tenant: { id: 2 } }))],
    ['no tenant', 'identity_changed', (t) => t.token({}, claims({ tenant: undefined }))],
    ['an older token', 'token_older', (t) => t.token({}, claims({ iat: nowS - 11 }))],
    [
      'an older token with a later end',
      'token_older',
      (t) => t.token({}, claims({ iat: nowS - 3_600, exp: nowS + 7_200 })),
    ],
    ['another audience', 'token_invalid', (t) => t.token({}, claims({ aud: 'mail' }))],
    ['a refresh token', 'token_invalid', (t) => t.token({ typ: 'refresh+jwt' }, claims())],
    ['an id token', 'token_invalid', (t) => t.token({ typ: 'id+jwt' }, claims())],
    ['no text', 'token_invalid', () => ''],
    ['a megabyte of nothing', 'token_invalid', () => 'a'.repeat(60_000)],
  ])('is refused with %s, extends nothing and ends nothing', async (_, code, make) => {
    expect(await send(make(by))).toMatchObject({ event: 'exception', data: { code } });
    await expectNothingChanged();
  });

  it('is refused with every token that nobody signed whom we believe', async () => {
    for (const [, make] of UNSIGNED_TOKENS)
      expect(await send(make(by))).toMatchObject({
        event: 'exception',
        data: { code: 'token_invalid' },
      });
    await expectNothingChanged();
  });

  it('is refused with every odd time and claim, as at the door', async () => {
    for (const [claim, json, code] of HOSTILE_TIMES)
      expect(await send(by.tokenSaying(claim, json))).toMatchObject({ data: { code } });
    for (const [, odd] of ODD_CLAIMS)
      expect(await send(by.token({}, claims(odd)))).toMatchObject({
        data: { code: 'token_invalid' },
      });
    await expectNothingChanged();
  });

  it('in a flood gets one answer each, verifies one at a time, and closes nobody', async () => {
    const bad = by.token({}, claims({ sub: 'bob' }));
    for (let n = 0; n < 500; n++) alice.send('auth.refresh', { token: bad }, n);
    await testbed.settle();
    await testbed.settle();
    const replies = alice.waiting.map(({ id }) => id as number);
    expect(replies.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 500 }, (_, n) => n));
    const codes = new Set(alice.waiting.map(({ data }) => (data as { code: string }).code));
    expect([...codes].toSorted()).toEqual(['identity_changed', 'refresh_in_progress']);
    while (alice.waiting.length > 0) await alice.next();
    await expectNothingChanged();
  });

  it('may bring the very token again, which changes nothing', async () => {
    const same = by.token({}, claims({ iat: nowS - 10, exp: nowS + 60 }));
    expect(await send(same)).toMatchObject({ event: 'auth.refreshed', data: { ttlMs: 60_000 } });
    await expectNothingChanged();
  });

  it('cannot bring back an old token once a newer one was used', async () => {
    const older = by.token({}, claims({ iat: nowS - 5, exp: nowS + 3_000, iss: A }));
    expect(await send(by.token({}, claims({ iat: nowS, exp: nowS + 60 })))).toMatchObject({
      event: 'auth.refreshed',
    });
    expect(await send(older)).toMatchObject({ data: { code: 'token_older' } });
  });

  it('hears nothing of the token in any answer', async () => {
    const canary = 'canary-'.repeat(4);
    const token = by.token({ kid: 'unknown' }, claims({ sub: canary, jti: canary }));
    const reply = await send(token);
    expect(JSON.stringify(reply)).not.toContain('canary');
    expect(JSON.stringify(reply)).not.toContain(token.slice(0, 20));
  });
});
