import {
  KeysUnavailableError,
  MemoryEngine,
  RoomPolicy,
  TokenExtractor,
  TokenVerifier,
} from 'nestjs-roomgate';

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

export class DeafEngine extends MemoryEngine {
  override subscribe(): never {
    throw new TypeError('canary-of-an-engine');
  }
}
