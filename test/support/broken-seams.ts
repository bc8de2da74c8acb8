import {
  KeysUnavailableError,
  MemoryEngine,
  type Position,
  RoomPolicy,
  TokenExtractor,
  TokenVerifier,
} from 'nestjs-roomgate';
import { ORDERS_KEY } from '../../src/room/orders.js';

/** Seams that fail in the ways that applications make them fail. */
export class NoKeys extends TokenVerifier {
  verify(): never {
    throw new KeysUnavailableError();
  }
}

export class ThrowingVerifier extends TokenVerifier {
  verify(): never {
    throw new TypeError('canary-of-a-verifier');
  }
}

export class NeverVerifier extends TokenVerifier {
  verify(): Promise<never> {
    return new Promise(() => {});
  }
}

export class ThrowingPolicy extends RoomPolicy {
  join(): never {
    throw new TypeError('canary-of-a-policy');
  }
}

export class TruthyPolicy extends RoomPolicy {
  join(): boolean {
    return 'yes' as unknown as boolean;
  }
}

export class ThrowingExtractor extends TokenExtractor {
  extract(): never {
    throw new TypeError('canary-of-an-extractor');
  }
}

/** It carries no room, though orders, without which the node would not start. */
export class DeafEngine extends MemoryEngine {
  override subscribe(...args: Parameters<MemoryEngine['subscribe']>): Position {
    if (args[0] === ORDERS_KEY) return super.subscribe(...args);
    throw new TypeError('canary-of-an-engine');
  }
}
