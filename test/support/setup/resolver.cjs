/**
 * Why this exists: our TypeScript says `import './x.js'`, as Node wants it after the build, but the
 * tests run the sources, where only `x.ts` is there. Jest asks this resolver for every import: inside
 * src, test and examples a relative `.js` is looked up as `.ts` first, and the package's own name leads
 * to its source, so that tests written as a user would write them still test this checkout. Packages
 * in node_modules are left to Jest.
 */
const { existsSync } = require('node:fs');
const path = require('node:path');

const root = path.resolve(__dirname, '../../..');
const ownFolders = ['src', 'test', 'examples'].map((folder) => path.join(root, folder) + path.sep);
const ownName = /^nestjs-roomgate(?:\/([a-z-]+))?$/;

/** `<root>/src` and everything below it, but nothing that a nested node_modules brings along. @param {string} folder */
function isOurs(folder) {
  const withSlash = folder + path.sep;
  return (
    ownFolders.some((own) => withSlash.startsWith(own)) &&
    !withSlash.includes(`${path.sep}node_modules${path.sep}`)
  );
}

/** @type {import('jest-resolve').SyncResolver} */
module.exports = function resolve(request, options) {
  if (isOurs(options.basedir)) {
    const own = ownName.exec(request);
    if (own) return path.join(root, 'src', `${own[1] ?? 'index'}.ts`);
    if (/^\.\.?\/.*\.js$/.test(request)) {
      const source = path.resolve(options.basedir, request.replace(/\.js$/, '.ts'));
      if (existsSync(source)) return source;
    }
  }
  return options.defaultResolver(request, options);
};
