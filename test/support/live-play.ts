import { RevocationService, RoomService } from 'nestjs-roomgate';
import type { RoomgateTestbed, TestConnection } from 'nestjs-roomgate/testing';
import { banned, deciding, verifying } from './gated-seams.js';
import { LiveModel, type ModelConnection, type ModelToken } from './live-model.js';
import type { Step } from './live-steps.js';
import { nodeOf } from './node-of.js';

type TokenRequest = Parameters<RoomgateTestbed['mint']>[0];

/** Does the same to a server and to a model. */
export class Play {
  readonly model: LiveModel;
  /** Those who knock or were let in, each with its two sides once it has them. */
  readonly pairs: { model?: ModelConnection; client?: TestConnection; isDone?: boolean }[] = [];
  #count = 0;

  constructor(readonly testbed: RoomgateTestbed) {
    this.model = new LiveModel(testbed.clock.now());
  }

  async do({ does, number, subject, room, seconds, claims }: Step): Promise<void> {
    const { model, testbed } = this;
    const service = testbed.get(RevocationService);
    const rooms = testbed.get(RoomService);
    const inside = this.pairs.filter((pair) => pair.model);
    const chosen = inside[number % Math.max(1, inside.length)];
    if (does === 'connect') this.#connect(this.#token(subject, claims), room);
    else if (does === 'say') {
      const text = String((this.#count += 1));
      void rooms.room(room).broadcast('said', text);
      model.say(room, text);
    } else if (does === 'answer all') await this.answerAll();
    else if (does === 'answer about a token') {
      verifying.letGo(number);
      model.answerToken(number);
    } else if (does === 'answer about a room') {
      deciding.letGo(number);
      model.answerRoom(number);
    } else if (does === 'ban' || does === 'allow') {
      if (this.#isAnyoneAtTheDoor()) return;
      for (const set of [banned, model.banned])
        if (does === 'ban') set.add(`${subject} ${room}`);
        else set.delete(`${subject} ${room}`);
      this.#reauthorizeRoom(room);
    } else if (does === 'reauthorize room') {
      if (!this.#isAnyoneAtTheDoor()) this.#reauthorizeRoom(room);
    } else if (does === 'reauthorize subject') {
      if (this.#isAnyoneAtTheDoor()) return;
      const own = model.connections.filter((one) => one.token.sub === subject && !one.closed);
      const principal = [...nodeOf(testbed).registry.all()].find(
        (one) => one.principal.subject === subject,
      )?.principal;
      if (principal) void rooms.reauthorize(principal);
      model.reauthorize(own);
    } else if (does === 'revoke subject') {
      await service.revokeSubject({ subject });
      model.revokeSubject(subject);
    } else if (does === 'block' || does === 'unblock') {
      await service[does]({ subject });
      model[does](subject);
    } else if (does === 'pass') {
      testbed.clock.advance(seconds * 1000);
      model.pass(seconds * 1000);
    } else if (does === 'set clock') {
      testbed.clock.step(seconds * 1000);
      model.now += seconds * 1000;
    } else if (chosen?.model && chosen.client) {
      const { model: own, client } = chosen;
      if (does === 'revoke token') {
        await service.revokeToken(own.token.jti);
        model.revokeToken(own.token.jti);
      } else if (!own.closed) {
        const token = this.#token(subject ?? own.token.sub, claims);
        client.send('auth.refresh', { token: testbed.mint(mintable(token)) }, `r${this.#count}`);
        model.refresh(own, token);
      }
    }
    await testbed.settle();
    await testbed.settle();
    expect([verifying.waiting, deciding.waiting]).toEqual(model.pending);
  }

  async answerAll(): Promise<void> {
    const ask = { number: 0 } as Step;
    while (verifying.waiting + deciding.waiting > 0) {
      await this.do({ ...ask, does: 'answer about a token' });
      await this.do({ ...ask, does: 'answer about a room' });
    }
  }

  /** Whose answer would be stale; last-look.live.spec.ts is about them. */
  #isAnyoneAtTheDoor(): boolean {
    return this.pairs.some((pair) => !pair.isDone);
  }

  #reauthorizeRoom(room: string): void {
    void this.testbed.get(RoomService).room(room).reauthorize();
    this.model.reauthorize(this.model.membersOf(room));
  }

  #connect(token: ModelToken, room: string): void {
    const pair: Play['pairs'][number] = {};
    this.pairs.push(pair);
    const authorization = `Bearer ${this.testbed.mint(mintable(token))}`;
    void this.testbed
      .connectAs({ rooms: [room], path: `/${room}`, headers: { authorization } })
      .then((client) => (pair.client = client))
      .catch(() => undefined);
    this.model.connect(token, room, (connection) => {
      pair.model = connection;
      pair.isDone = true;
    });
  }

  #token(sub: string, { rooms, age, ttl }: Step['claims']): ModelToken {
    const iat = this.model.now / 1000 - age;
    return { sub, rooms, iat, exp: iat + age + ttl, jti: `j${(this.#count += 1)}` };
  }
}

/** What a testbed signs for a token of the model. */
function mintable({ sub, rooms, ...times }: ModelToken): TokenRequest {
  return { sub, rooms, claims: { ...times } };
}
