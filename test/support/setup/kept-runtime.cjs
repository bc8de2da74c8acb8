/**
 * Why this exists: see kept-environment.cjs. The modules of packages and src stay in Jest's registries from one spec
 * file to the next. This reaches into parts of jest-runtime that it does not document; they are those of Jest 30.
 */
const path = require('node:path');
const { pathToFileURL } = require('node:url');
const { default: Runtime } = require('jest-runtime');
const { KeptEnvironment } = require('./kept-environment.cjs');

/** test/ and examples/, as paths and as URLs: CommonJS has its keys by path, ESM by URL. */
const FOLDERS = ['test', 'examples']
  .map((name) => path.resolve(__dirname, '../../..', name) + path.sep)
  .flatMap((folder) => [folder, pathToFileURL(folder).href]);

/** Our modules outside of src, `@jest/globals` as they see it, and jest-circus, which lists the tests of one file. */
const isOfOneFile = (/** @type {string} */ key) =>
  FOLDERS.some((folder) => key.startsWith(folder)) ||
  key.startsWith('@jest/globals/') ||
  key.includes(`${path.sep}jest-circus${path.sep}`);

class KeptRuntime extends Runtime {
  /** @type {import('node:async_hooks').AsyncLocalStorage<unknown>[]} */
  storages = [];

  /**
   * jest-circus makes an AsyncLocalStorage for each spec file and leaves it on. Before Node 24 each of them slows down
   * every promise that the process makes later: after a hundred files most of the time went there.
   * @override
   * @param {string} from @param {string} [to] @returns {any}
   */
  requireInternalModule(from, to) {
    const found = /** @type {any} */ (super.requireInternalModule(from, to));
    if (to !== 'node:async_hooks') return found;
    const { storages } = this;
    class AsyncLocalStorage extends found.AsyncLocalStorage {
      constructor() {
        super();
        storages.push(/** @type {any} */ (this));
      }
    }
    return { ...found, AsyncLocalStorage };
  }

  /** Forgets what belongs to one spec file. @override */
  teardown() {
    this.restoreAllMocks();
    for (const storage of this.storages.splice(0)) storage.disable();
    const { registries } = /** @type {any} */ (this);
    for (const registry of [
      registries.getActiveEsmRegistry(),
      registries.getActiveCjsRegistry(),
      registries.getInternalCjsRegistry(),
    ]) {
      for (const key of registry.keys()) if (isOfOneFile(key)) registry.delete(key);
    }
  }
}

/** @type {KeptRuntime | undefined} */
let kept;

/**
 * What Jest calls with `new` for each spec file.
 * @param {ConstructorParameters<typeof Runtime>} args
 */
module.exports = function KeptOrNew(...args) {
  if (!(args[1] instanceof KeptEnvironment)) return new Runtime(...args);
  kept ??= new KeptRuntime(...args);
  kept.enterTestCode(); // After a test Jest refuses `import()`, but a hook of the next file may need it.
  return kept;
};
