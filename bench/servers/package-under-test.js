// nestjs-roomgate by its own name and `exports`, as a user gets it. This folder has a package.json of
// its own, so from here the name leads nowhere: it is looked up from the package around us. That one's
// node_modules also has the Nest that is used here, and there must be only one.
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { existsSync } from 'node:fs';

// BENCH_PACKAGE: the package.json of another revision, which runner/before.js has built.
const { resolve } = createRequire(
  process.env.BENCH_PACKAGE ?? new URL('../../package.json', import.meta.url),
);

/** @returns {string} throws when it is not built */
export function resolvePackageUnderTest() {
  const file = resolve('nestjs-roomgate');
  if (!existsSync(file)) throw new Error(`${file} does not exist`);
  return file;
}

/** @returns {Promise<any>} */
export function importPackageUnderTest() {
  return import(pathToFileURL(resolvePackageUnderTest()).href);
}

/**
 * A room of the name `default`, in this revision and in those before `RoomService.room`.
 *
 * @param {any} service the RoomService
 * @param {string} id
 */
export function roomUnderTest(service, id) {
  return service.of ? service.of('default').room(id) : service.room(id);
}

/** @returns {Promise<any>} what it has for Redis */
export function importRedisUnderTest() {
  return import(pathToFileURL(resolve('nestjs-roomgate/redis')).href);
}
