import { RedisLink } from './link.js';
import type { NetworkEvents, RedisNetwork } from './network.js';
import type { SessionPorts } from './session.js';

/** One Redis, wherever the client of the application finds its master. */
export class SingleNetwork implements RedisNetwork {
  readonly publishes = 'PUBLISH';
  readonly #link: RedisLink;
  #started: () => void = () => undefined;

  constructor(ports: Omit<SessionPorts, 'message'>, events: NetworkEvents) {
    this.#link = new RedisLink(ports, {
      message: (link, channel, body) => events.message(link, channel, body),
      up: (link) => {
        this.#started();
        events.up(link);
      },
      down: (link) => events.down(link),
    });
  }

  get isUp(): boolean {
    return this.#link.isUp;
  }

  get isUpInPart(): boolean {
    return this.isUp;
  }

  start(): Promise<void> {
    const started = new Promise<void>((resolve) => (this.#started = resolve));
    void this.#link.run();
    return started;
  }

  groupOf(): number {
    return 0;
  }

  linkOf(): RedisLink {
    return this.#link;
  }

  async refresh(): Promise<void> {
    // There is nobody else.
  }

  stop(): void {
    this.#link.stop();
  }
}
