import { randomUUID } from 'node:crypto';
import { AuditSink, RevocationService, RoomPolicy, RoomService } from 'nestjs-roomgate';
import { createRoomgateTestbed, type RoomgateTestbed } from 'nestjs-roomgate/testing';
import { TestIssuer } from '../../src/toolkit/testing/test-issuer.js';
import { ScopedGateway } from '../support/gateways.js';
import { serverEnd } from '../support/node-of.js';
import { RecordingSink } from '../support/recording-sink.js';

describe('The audit sink', () => {
  const room = randomUUID();
  let testbed: RoomgateTestbed;
  let sink: RecordingSink;

  beforeEach(async () => {
    testbed = await createRoomgateTestbed({ defaultGateway: '/:room', auditSink: RecordingSink });
    sink = testbed.get(AuditSink) as RecordingSink;
  });

  afterEach(async () => {
    await testbed.close();
    sink.take();
  });

  const enter = async (): ReturnType<RoomgateTestbed['connectAs']> => {
    const client = await testbed.connectAs({ rooms: [room] });
    sink.takeEvents();
    return client;
  };

  it('is told who was admitted, by an event that holds nothing else', async () => {
    const client = await testbed.connectAs({ rooms: [room] });
    expect(sink.takeEvents()).toEqual([
      {
        kind: 'admitted',
        reason: 'admitted',
        at: testbed.clock.now(),
        connectionId: client.hello.connectionId,
        issuer: testbed.issuer.issuer,
        subject: 'alice',
        roomName: 'default',
      },
    ]);
  });

  it.each<[string, number, Parameters<RoomgateTestbed['expectRefused']>[2]]>([
    ['no_token', 401, {}],
    ['token_parts', 401, { token: 'a.b' }],
    ['issuer', 401, { token: new TestIssuer(Date.now, 'https://else.test').mint() }],
    ['signature', 401, { token: new TestIssuer().mint() }],
    ['not_found', 404, { path: '/' }],
    ['token_in_query', 400, { path: `/${randomUUID()}?token=a.b.c` }],
  ])('is told of a refusal: %s', async (reason, status, request) => {
    await testbed.expectRefused(status, undefined, request);
    const [event, ...more] = sink.takeEvents();
    expect(more).toEqual([]);
    expect(event).toMatchObject({ kind: 'refused', reason, status });
    expect(JSON.stringify(event)).not.toMatch(/"(issuer|subject)":/);
  });

  it('is told who was refused once the token is verified', async () => {
    const token = testbed.mint({ rooms: [] });
    await testbed.expectRefused(403, 'room_forbidden', { token });
    const { issuer } = testbed.issuer;
    expect(sink.takeEvents()).toMatchObject([
      { kind: 'refused', reason: 'room_forbidden', subject: 'alice', issuer, roomName: 'default' },
    ]);
    await testbed.get(RevocationService).block({ subject: 'alice' });
    await testbed.expectRefused(401, 'token_revoked', { token });
    expect(sink.takeEvents()).toMatchObject([{ reason: 'token_revoked', subject: 'alice' }]);
  });

  it.each<[string, number, (bed: RoomgateTestbed, client: TestClient) => unknown]>([
    ['closed_by_client', 1000, (_bed, client) => client.close()],
    ['closed_by_client', 4440, (_bed, client) => client.close(4440)],
    ['connection_lost', 1006, (_bed, client) => client.socket.terminate()],
    ['closed_by_app', 4401, (bed, client) => serverEnd(bed, client).close(4401)],
    ['room_closed', 4404, (bed) => bed.get(RoomService).room(room).close()],
    ['message_too_big', 1009, (_bed, client) => client.socket.send('x'.repeat(70_000))],
    ['protocol_error', 1002, (_bed, client) => rawOf(client).write(Buffer.from([0xff, 0x80, 0]))],
    ['token_expired', 4401, (bed) => bed.advance(3_600_000 + 5_000 + 25_000)],
    [
      'bad_messages',
      4400,
      (_bed, client) => {
        for (let i = 0; i < 10; i++) client.socket.send('{');
      },
    ],
    [
      'internal_error',
      1011,
      (bed, client) => serverEnd(bed, client).hookFailed('a hook', undefined),
    ],
    ['restart', 1012, (bed) => bed.close()],
  ])('is told of a close: %s, %s', async (reason, closeCode, cause) => {
    const client = await enter();
    await cause(testbed, client);
    for (let i = 0; i < 5; i++) await testbed.advance(1);
    const { connectionId } = client.hello;
    expect(sink.takeEvents()).toMatchObject([
      { kind: 'closed', reason, closeCode, connectionId, subject: 'alice' },
    ]);
  });

  it('is told of refreshes, good and bad', async () => {
    const client = await enter();
    const refresh = async (token: string): Promise<string[]> => {
      await client.request('auth.refresh', { token });
      return sink.take();
    };
    expect(await refresh('a.b')).toEqual(['refresh_refused token_invalid']);
    expect(await refresh(testbed.mint({ sub: 'bob' }))).toEqual([
      'refresh_refused identity_changed',
    ]);
    expect(await refresh(testbed.mint({ rooms: [room] }))).toEqual(['refreshed refreshed']);
    await testbed.advance(1_000);
    expect(await refresh(testbed.mint())).toEqual(['refreshed refreshed', 'left room_forbidden']);
    await client.expectClosed(4403);
    await testbed.settle();
    expect(sink.take()).toEqual(['closed room_forbidden']);
  });

  it.each<[string, (service: RevocationService) => Promise<void>]>([
    ['session_revoked', (service) => service.revokeSession('s1')],
    ['token_revoked', (service) => service.revokeToken('t1')],
    ['subject_revoked', (service) => service.revokeSubject({ subject: 'alice' })],
    ['subject_blocked', (service) => service.block({ subject: 'alice' })],
  ])('is told of a kick once: %s', async (reason, revoke) => {
    const client = await testbed.connectAs({ rooms: [room], claims: { sid: 's1', jti: 't1' } });
    sink.takeEvents();
    await revoke(testbed.get(RevocationService));
    await revoke(testbed.get(RevocationService));
    await client.expectClosed(4440);
    await testbed.settle();
    expect(sink.take()).toEqual([`revoked ${reason}`, 'closed signed_out']);
  });
});

describe('The audit sink, of somebody whose token is good', () => {
  class RevokingPolicy extends RoomPolicy {
    static revoke: () => Promise<void>;

    override async join(): Promise<boolean> {
      await RevokingPolicy.revoke();
      return true;
    }
  }

  it.each([
    ['insufficient_scope', 403, ''],
    ['revoked_at_the_door', 401, 'orders:read orders:write'],
  ])('is told the name when it is refused: %s', async (reason, status, scope) => {
    const testbed = await createRoomgateTestbed({
      providers: [ScopedGateway],
      policy: RevokingPolicy,
      auditSink: RecordingSink,
    });
    RevokingPolicy.revoke = () => testbed.get(RevocationService).block({ subject: 'alice' });
    await testbed.expectRefused(status, undefined, { token: testbed.mint({ scope }) });
    const { issuer } = testbed.issuer;
    expect((testbed.get(AuditSink) as RecordingSink).takeEvents()).toMatchObject([
      { kind: 'refused', reason, status, subject: 'alice', issuer },
    ]);
    await testbed.close();
  });
});

type TestClient = Awaited<ReturnType<RoomgateTestbed['connectAs']>>;

/** The stream below a client's WebSocket. */
function rawOf(client: TestClient): { write(bytes: Buffer): void } {
  return (client.socket as unknown as { _socket: { write(bytes: Buffer): void } })._socket;
}

describe('A sink that always throws', () => {
  class BrokenSink extends AuditSink {
    record(): never {
      throw new Error('disk full');
    }
  }

  it('changes no verdict, no refresh and no close', async () => {
    const testbed = await createRoomgateTestbed({
      defaultGateway: '/:room',
      auditSink: BrokenSink,
    });
    const rooms = [randomUUID()];
    const client = await testbed.connectAs({ rooms });
    await testbed.expectRefused(401, 'no_token');
    const token = testbed.mint({ rooms });
    expect((await client.request('auth.refresh', { token })).event).toBe('auth.refreshed');
    await testbed.get(RevocationService).block({ subject: 'alice' });
    await client.expectClosed(4440);
    await testbed.close();
  });
});
