import { DeafEngine } from '../support/broken-seams.js';
import { expectProblem } from '../support/expect-problem.js';
import { ScopedGateway } from '../support/gateways.js';
import { ask, type UpgradeLines, upgradeBytes } from '../support/raw-http.js';
import { type RoomApp, startRoomApp } from '../support/room-app.js';

const ROOM = 'a3f1c2d4-5e6f-4a7b-8c9d-0e1f2a3b4c5d';
const SCOPES = 'orders:read orders:write';

/** A request with every flaw there is, repaired one by one: each time the first row that is left has to answer. */
describe('The order of the verdict table', () => {
  let app: RoomApp;

  beforeAll(async () => {
    app = await startRoomApp({ providers: [ScopedGateway], engine: DeafEngine });
  });

  afterAll(() => app.close());

  const mint = (ttlMs: number, scope?: string, rooms: string[] = []): string =>
    `Authorization: Bearer ${app.issuer.mint({ ttlMs, scope, rooms })}`;

  it('is from the anonymous and cheap to the costly', async () => {
    const evil = 'Origin: http://evil.test';
    const inQuery = `/${ROOM}?token=x`;
    const expired = mint(-60_000);
    const version8 = 'Sec-WebSocket-Version: 8';
    const steps: [Partial<UpgradeLines>, number, string][] = [
      [
        { method: 'POST', target: inQuery, headers: [evil, expired, expired, version8] },
        405,
        'method_not_allowed',
      ],
      [{ target: inQuery, headers: [evil, expired, expired, version8] }, 400, 'bad_upgrade'],
      [{ target: inQuery, headers: [evil, expired, expired] }, 403, 'origin_not_allowed'],
      [{ target: inQuery, headers: [expired, expired] }, 400, 'token_in_query'],
      [{ headers: [expired, expired] }, 400, 'multiple_credentials'],
      [{ headers: [expired] }, 401, 'token_expired'],
      [{ headers: [mint(60_000)] }, 403, 'insufficient_scope'],
      [{ headers: [mint(60_000, SCOPES)] }, 403, 'room_forbidden'],
      [{ headers: [mint(60_000, SCOPES, [ROOM])] }, 503, 'engine_unavailable'],
    ];
    app.node.drain.isDraining = true;
    const first = upgradeBytes({ target: `/${ROOM}`, ...steps[0]?.[0] });
    expectProblem(await ask(app.port, first), 503, 'draining');
    app.node.drain.isDraining = false;
    for (const [lines, status, code] of steps)
      expectProblem(
        await ask(app.port, upgradeBytes({ target: `/${ROOM}`, ...lines })),
        status,
        code,
      );
  });
});
