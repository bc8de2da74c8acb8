import { jest } from '@jest/globals';

// The devkit requires this ES module, which jest cannot do on Node 20. It is for editing files in
// place, which neither our schematic nor the stock helpers do.
jest.mock('magic-string', () => ({}));

/** What the Nest CLI runs schematics with. */
export const { HostTree, callRule } = await import('@angular-devkit/schematics');
