import { type RoomAccess, RoomPolicy } from 'nestjs-roomgate';

/** A policy that says nothing until the test lets it. Everybody may enter then. */
export class HeldPolicy extends RoomPolicy {
  static #waiting: (() => void)[] = [];
  static #asked: () => void = () => {};

  /** How many stand at the door. */
  static get waiting(): number {
    return HeldPolicy.#waiting.length;
  }

  /** Resolves when somebody stands at the door. */
  static asked(): Promise<void> {
    return new Promise((resolve) => {
      if (HeldPolicy.#waiting.length > 0) resolve();
      else HeldPolicy.#asked = resolve;
    });
  }

  /** Says yes to everybody who waits. */
  static letGo(): void {
    for (const say of HeldPolicy.#waiting.splice(0)) say();
  }

  join(_access: RoomAccess): Promise<boolean> {
    return new Promise((resolve) => {
      HeldPolicy.#waiting.push(() => resolve(true));
      HeldPolicy.#asked();
      HeldPolicy.#asked = () => {};
    });
  }
}

/** Everybody may enter; who is called `reader` may only listen. */
export class ReadersPolicy extends RoomPolicy {
  join(): boolean {
    return true;
  }

  override publish({ principal }: RoomAccess): boolean {
    return principal.subject !== 'reader';
  }
}
