import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A fresh folder outside the repository, so that nothing is found in a parent's node_modules. */
export function createWorkspace() {
  const folder = mkdtempSync(join(tmpdir(), 'roomgate-cli-'));
  return {
    folder,
    remove: () => rmSync(folder, { recursive: true, force: true, maxRetries: 3 }),
  };
}
