import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { type DevKey, type DevRoom, readDevKey, readRoom } from './development.js';
import { mintToken } from './mint-token.js';
import { plain } from './plain.js';
import { Refused, type ResumePoint, RoomClient, type ServerMessage } from './room-client.js';
import { run, Sentence } from './sentence.js';

const SHORT_TOKEN_SECONDS = 8;
const AWAY_MS = 3_000;
const MAX_ATTEMPTS = 5;

const HELP = `Text is said to the room. Commands:
  /who      who is here
  /refresh  replace the token of this connection by a new one of an hour
  /expire   replace it by one of ${SHORT_TOKEN_SECONDS} seconds, and watch it end
  /revoke   revoke the token: the connection is closed, the door refuses the token
  /drop     lose the connection, come back ${AWAY_MS / 1000} s later and get what was missed
  /quit     leave (so does the end of the input)`;

class Chat {
  isOver = false;
  readonly url: string;
  readonly #rooms: readonly string[];
  #token = '';
  /** Whether to refresh by itself when the token is about to expire. */
  #keepsToken = true;
  #client: RoomClient | undefined;
  /** What follows a close: input waits for it. */
  #comingBack: Promise<void> = Promise.resolve();
  #muted: NodeJS.Timeout | undefined;
  /** Names by the ids that presence gives. */
  readonly #members = new Map<string, string>();

  constructor(
    readonly name: string,
    private readonly key: DevKey,
    { room, url }: DevRoom,
  ) {
    this.url = url;
    this.#rooms = [room];
  }

  /** Comes in, with a new token unless one is given. */
  async enter(token?: string, point?: ResumePoint): Promise<void> {
    this.#token = token ?? (await mintToken(this.key, this.name, this.#rooms));
    const client = new RoomClient(this.url, this.#token, point);
    client.on('message', (message) => this.#hear(message));
    try {
      await client.hello();
    } catch (error) {
      throw error instanceof Refused
        ? new Sentence(`Refused: ${error.status} ${error.code}. ${plain(error.message)}`)
        : new Sentence(`There is no server at ${this.url}. Start it with: npm start`);
    }
    this.#client = client;
    client.on('close', (code) => {
      if (this.#client === client) this.#comingBack = this.#closed(client, code);
    });
  }

  /** Does what a line of input says. */
  async obey(line: string): Promise<void> {
    await this.#comingBack;
    if (line === '') return;
    const commands: Record<string, () => unknown> = {
      '/who': () => this.#who(),
      '/refresh': () => this.#refresh(),
      '/expire': () => this.#refresh(SHORT_TOKEN_SECONDS),
      '/revoke': () => this.#ask('sign-out'),
      '/drop': () => this.#drop(),
      '/quit': () => (this.isOver = true),
      '/help': () => console.log(HELP),
    };
    const command = Object.hasOwn(commands, line) ? commands[line] : undefined;
    if (command) await command();
    else if (line.startsWith('/')) console.log(`There is no ${plain(line, 20)}.\n${HELP}`);
    else await this.#ask('say', line);
  }

  async leave(): Promise<void> {
    await this.#comingBack;
    clearTimeout(this.#muted);
    const client = this.#client;
    this.#client = undefined;
    await client?.close();
  }

  /** Sends and waits for the reply. Undefined, and a sentence, when it was refused or the connection ended. */
  async #ask(event: string, data?: unknown): Promise<ServerMessage | undefined> {
    try {
      const reply = await this.#client?.request(event, data);
      if (reply?.event !== 'exception') return reply;
      console.log(`Refused: ${plain(reply.data.code)}. ${plain(reply.data.message)}`);
    } catch {
      // The connection ended; its close says why.
    }
    return undefined;
  }

  async #who(): Promise<void> {
    const reply = await this.#ask('room.presence');
    if (!reply) return;
    this.#members.clear();
    console.log(`Here: ${this.#names(reply.data.members)}.`);
  }

  /** Presence may name members again that it has named before. */
  #tellNew(members: readonly { readonly id: string; readonly info?: unknown }[]): void {
    const fresh = members.filter(({ id }) => !this.#members.has(id));
    if (fresh.length > 0) console.log(`${this.#names(fresh)} came in.`);
  }

  /** The names of members, and remembers those that come with one. */
  #names(members: readonly { readonly id: string; readonly info?: unknown }[]): string {
    for (const { id, info } of members)
      if (info !== undefined) this.#members.set(id, plain(info, 64));
    return members.map(({ id }) => this.#members.get(id) ?? 'someone').join(', ');
  }

  async #refresh(seconds?: number): Promise<void> {
    const token = await mintToken(this.key, this.name, this.#rooms, seconds);
    const reply = await this.#ask('auth.refresh', { token });
    if (!reply) return;
    this.#token = token;
    this.#keepsToken = seconds === undefined;
    console.log(`Your token is a new one. It lives for ${duration(reply.data.ttlMs)}.`);
    clearTimeout(this.#muted);
    if (this.#keepsToken) return;
    // The server mutes without a word, since a muted connection is sent nothing.
    const tellMuted = (): void =>
      console.log(
        'Your token has expired: you are muted. /refresh ends that, if it comes in time.',
      );
    this.#muted = setTimeout(tellMuted, reply.data.ttlMs);
  }

  async #drop(): Promise<void> {
    const client = this.#client;
    this.#client = undefined;
    client?.drop();
    console.log(`The connection is lost. Back in ${AWAY_MS / 1000} s…`);
    await delay(AWAY_MS);
    await this.enter(this.#token, client?.point);
    console.log('You are back. What was said meanwhile has come, or comes now.');
  }

  /** Comes back after a close if the server is worth another try. */
  async #closed({ point }: RoomClient, code: number): Promise<void> {
    this.#client = undefined;
    clearTimeout(this.#muted);
    if (code === 4440) return this.#knockAgain();
    if (code === 4401) {
      console.log('Closed: the token expired and was not refreshed. Coming back with a new one.');
      this.#keepsToken = true;
      return this.enter(undefined, point).then(
        () => console.log('You are back.'),
        (error: unknown) => this.#end(error),
      );
    }
    if (code !== 1006 && code !== 1012)
      return this.#end(`The server closed the connection: ${code}.`);
    for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt++) {
      console.log(`The connection is lost (${code}). Trying again in ${attempt} s…`);
      await delay(attempt * 1_000);
      try {
        await this.enter(undefined, point);
        return console.log('You are back.');
      } catch {
        // The next attempt waits longer.
      }
    }
    this.#end('The server did not come back.');
  }

  /** Shows that the door refuses a revoked token. */
  async #knockAgain(): Promise<void> {
    console.log('The same token once more at the door:');
    await this.enter(this.#token).catch((error: unknown) => this.#end(error));
  }

  #end(why: unknown): void {
    console.log(why instanceof Error ? why.message : why);
    this.isOver = true;
    // Nobody may be typing, so the next line is not waited for.
    process.exit(why instanceof Sentence && this.#wasRevoked(why) ? 0 : 1);
  }

  #wasRevoked({ message }: Sentence): boolean {
    return message.includes('token_revoked');
  }

  #hear({ event, data }: ServerMessage): void {
    switch (event) {
      case 'hello':
        return console.log(`You are in. Your token lives for ${duration(data.ttlMs)}.`);
      case 'said':
        return console.log(`${plain(data.from, 64)}: ${plain(data.data, 2_000)}`);
      case 'presence.joined':
        return this.#tellNew(data.members);
      case 'presence.left':
        console.log(`${this.#names(data.members)} left.`);
        for (const { id } of data.members) this.#members.delete(id);
        return;
      case 'gap':
        return console.log('Some messages are missing here and will not come.');
      case 'auth.expiring':
        console.log(`Your token expires in ${duration(data.inMs)}.`);
        if (this.#keepsToken) void this.#refresh();
        return;
      case 'room.left':
        return console.log('You have lost the room.');
      case 'goodbye':
        return console.log(`The server says goodbye: ${data.code}, ${plain(data.reason)}.`);
    }
  }
}

function readName(): string {
  try {
    const { values } = parseArgs({ options: { as: { type: 'string', default: 'alice' } } });
    if (values.as !== '') return values.as;
  } catch {
    // An unknown option; the usage says what there is.
  }
  throw new Sentence('Usage: npm run chat [-- --as <name>]');
}

function duration(ms: number): string {
  const seconds = Math.round(ms / 1000);
  return seconds < 120 ? `${seconds} s` : `${Math.round(seconds / 60)} min`;
}

/** `npm run chat [-- --as bob]`: a member of the example's room, in the terminal. */
run(async () => {
  const name = readName();
  const chat = new Chat(name, readDevKey(), readRoom());
  await chat.enter();
  console.log(`You are ${plain(name, 64)} in ${chat.url}\n${HELP}\n`);
  await chat.obey('/who');
  for await (const line of createInterface({ input: process.stdin })) {
    await chat.obey(line.trim());
    if (chat.isOver) break;
  }
  await chat.leave();
  process.exit();
});
