import { jest } from '@jest/globals';
import { loadNestSchematics } from '../../../src/toolkit/schematics/room-gateway/wiring.js';

describe('loadNestSchematics', () => {
  const cliBinary = process.argv[1]!;

  afterEach(() => {
    jest.restoreAllMocks();
    process.argv[1] = cliBinary;
  });

  it('takes the schematics of the app', async () => {
    process.argv[1] = '/nowhere/cli.js';

    expect(await loadNestSchematics()).toHaveProperty('ModuleDeclarator');
  });

  it('takes those of the CLI when the app has none', async () => {
    jest.spyOn(process, 'cwd').mockReturnValue('/nowhere');

    expect(await loadNestSchematics()).toHaveProperty('ModuleDeclarator');
  });

  it('says what to install when neither has them', async () => {
    jest.spyOn(process, 'cwd').mockReturnValue('/nowhere');
    process.argv[1] = '/nowhere/cli.js';

    await expect(loadNestSchematics()).rejects.toThrow('npm install --save-dev @nestjs/schematics');
  });
});
