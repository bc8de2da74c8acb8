import { createHash } from 'node:crypto';

/** A piece of Lua that Redis runs as one step: nobody sees half of what it does. Loaded by each connection when it is opened. */
export class Script {
  readonly sha: string;

  constructor(readonly text: string) {
    this.sha = createHash('sha1').update(text).digest('hex');
  }
}
