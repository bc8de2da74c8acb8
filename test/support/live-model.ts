/** A token as the model knows it; times in seconds since the epoch. */
export interface ModelToken {
  readonly sub: string;
  readonly rooms: readonly string[];
  readonly iat: number;
  readonly exp: number;
  readonly jti: string;
}

export class ModelConnection {
  changes = 0;
  isRefreshing = false;
  /** Whether something was said in its room while it was muted. */
  hasMissed = false;
  closed: number | undefined;
  /** Until when, in the time of durations, a refresh may come; undefined while the expiry has not been noticed. */
  mutedUntil: number | undefined;
  readonly heard: string[] = [];
  readonly replies: string[] = [];

  constructor(
    readonly room: string,
    public token: ModelToken,
  ) {}
}

const TOLERANCE_MS = 5_000;
const GRACE_MS = 25_000;
/** Of the timing wheel, which notices with its next tick that the clock was set. */
const TICK_MS = 250;

/** What live authority promises, without sockets and promises: who is in which room, and what it has heard. */
export class LiveModel {
  readonly connections: ModelConnection[] = [];
  readonly banned = new Set<string>();
  /** Questions about tokens, and about rooms, that wait for an answer. */
  readonly #verifying: (() => void)[] = [];
  readonly #deciding: (() => void)[] = [];
  readonly #blocked = new Set<string>();
  readonly #revokedIds = new Set<string>();
  readonly #revokedUntil = new Map<string, number>();
  #elapsed = 0;

  constructor(public now: number) {}

  get pending(): [number, number] {
    return [this.#verifying.length, this.#deciding.length];
  }

  connect(token: ModelToken, room: string, done: (connection?: ModelConnection) => void): void {
    this.#verify(token, (fault) => {
      if (fault) return done();
      this.#decide(token, room, (isGranted) => {
        if (!isGranted || this.#fault(token)) return done();
        const connection = new ModelConnection(room, token);
        this.connections.push(connection);
        done(connection);
      });
    });
  }

  say(room: string, text: string): void {
    for (const connection of this.membersOf(room))
      if (this.#isLive(connection.token)) connection.heard.push(text);
      else connection.hasMissed = true;
  }

  refresh(connection: ModelConnection, token: ModelToken): void {
    if (connection.closed) return;
    if (connection.isRefreshing) return void connection.replies.push('refresh_in_progress');
    connection.isRefreshing = true;
    const reply = (text: string): void => {
      connection.isRefreshing = false;
      if (!connection.closed) connection.replies.push(text);
    };
    const attempt = (left: number): void => {
      const { changes } = connection;
      if (left === 0) return reply('unavailable');
      this.#verify(token, (fault) => {
        if (fault) return reply(fault);
        if (token.sub !== connection.token.sub) return reply('identity_changed');
        if (token.iat < connection.token.iat) return reply('token_older');
        this.#decide(token, connection.room, (isGranted) => {
          if (!connection.closed && connection.changes !== changes) return attempt(left - 1);
          const late = this.#fault(token);
          if (late) return reply(late);
          reply('auth.refreshed');
          if (connection.closed) return;
          connection.token = token;
          connection.mutedUntil = undefined;
          this.#change(connection, isGranted);
          if (connection.hasMissed && isGranted) connection.heard.push('gap');
          connection.hasMissed = false;
        });
      });
    };
    attempt(3);
  }

  reauthorize(connections: readonly ModelConnection[]): void {
    const ask = (connection: ModelConnection): void => {
      if (connection.closed) return;
      const { changes, token, room } = connection;
      this.#decide(token, room, (isGranted) => {
        if (connection.closed || connection.changes !== changes) return ask(connection);
        this.#change(connection, isGranted);
      });
    };
    connections.forEach(ask);
  }

  revokeToken(jti: string): void {
    this.#revokedIds.add(jti);
    this.#kick();
  }

  revokeSubject(sub: string): void {
    const until = Math.floor(this.now / 1000) * 1000 + TOLERANCE_MS;
    this.#revokedUntil.set(sub, Math.max(until, this.#revokedUntil.get(sub) ?? 0));
    this.#kick();
  }

  block(sub: string): void {
    this.#blocked.add(sub);
    this.#kick();
  }

  unblock(sub: string): void {
    this.#blocked.delete(sub);
  }

  /** Time passes. A token expires by the wall clock; the grace behind its expiry is a duration. */
  pass(ms: number): void {
    const [now, elapsed] = [this.now, this.#elapsed];
    this.now += ms;
    this.#elapsed += ms;
    for (const connection of this.connections)
      if (!connection.closed) this.#expire(connection, now, elapsed);
  }

  #expire(connection: ModelConnection, now: number, elapsed: number): void {
    const expiresAt = connection.token.exp * 1000 + TOLERANCE_MS;
    if (connection.mutedUntil === undefined) {
      const mutedAt = elapsed + (expiresAt > now ? expiresAt - now : TICK_MS);
      if (mutedAt > this.#elapsed) return;
      connection.mutedUntil = mutedAt + GRACE_MS;
    }
    const { mutedUntil } = connection;
    if (mutedUntil > this.#elapsed) return;
    const then = now + mutedUntil - elapsed;
    if (then >= expiresAt) {
      connection.closed = 4401;
      return;
    }
    // The clock was set back meanwhile, and the token is valid again.
    connection.mutedUntil = undefined;
    this.#expire(connection, then, mutedUntil);
  }

  answerToken(index: number): void {
    this.#answer(this.#verifying, index);
  }

  answerRoom(index: number): void {
    this.#answer(this.#deciding, index);
  }

  membersOf(room: string): ModelConnection[] {
    return this.connections.filter((one) => one.room === room && !one.closed);
  }

  /** What membership has to be when all is said: a function of claims, bans, revocations and the time. */
  mayBeIn({ token, room, closed }: ModelConnection): boolean {
    return closed !== 4401 && !this.#isRevoked(token) && this.#isGranted(token, room);
  }

  #answer(questions: (() => void)[], index: number): void {
    const [answer] = questions.splice(index % Math.max(1, questions.length), 1);
    answer?.();
  }

  #verify(token: ModelToken, then: (fault?: string) => void): void {
    const isEarly = (): boolean => token.iat * 1000 > this.now + TOLERANCE_MS;
    const answer = (): void =>
      then(this.#isLive(token) && isEarly() ? 'token_not_yet_valid' : this.#fault(token));
    this.#verifying.push(answer);
  }

  /** A policy looks at what is granted when it is asked, however late it says so. */
  #decide(token: ModelToken, room: string, then: (isGranted: boolean) => void): void {
    const isGranted = this.#isGranted(token, room);
    this.#deciding.push(() => then(isGranted));
  }

  #change(connection: ModelConnection, isGranted: boolean): void {
    connection.changes += 1;
    if (!isGranted) connection.closed ??= 4403;
  }

  #kick(): void {
    for (const connection of this.connections)
      if (this.#isRevoked(connection.token)) connection.closed ??= 4440;
  }

  #fault(token: ModelToken): string | undefined {
    if (!this.#isLive(token)) return 'token_expired';
    return this.#isRevoked(token) ? 'token_revoked' : undefined;
  }

  #isLive({ exp }: ModelToken): boolean {
    return this.now < exp * 1000 + TOLERANCE_MS;
  }

  #isRevoked({ sub, jti, iat }: ModelToken): boolean {
    return (
      this.#blocked.has(sub) ||
      this.#revokedIds.has(jti) ||
      iat * 1000 <= (this.#revokedUntil.get(sub) ?? -1)
    );
  }

  #isGranted({ sub, rooms }: ModelToken, room: string): boolean {
    return rooms.includes(room) && !this.banned.has(`${sub} ${room}`);
  }
}
