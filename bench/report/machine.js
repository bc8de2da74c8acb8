// What the figures were measured on: the kind of machine, nothing that tells which one.
import { cpus, totalmem } from 'node:os';
import { readFileSync } from 'node:fs';

/** @returns {string} */
export function machineLine() {
  const [{ model }] = cpus();
  const memory = `${Math.round(totalmem() / 2 ** 30)} GiB`;
  const { arch, platform, version } = process;
  return `${platform} ${arch}, ${cpus().length} × ${model.trim()}, ${memory}; Node ${version}; ${libraries()}`;
}

/** Versions decide more than machines do. */
function libraries() {
  const own = versionOf('../package.json');
  const ws = versionOf('../node_modules/ws/package.json');
  const nest = versionOf('../node_modules/@nestjs/core/package.json');
  const socketIo = versionOf('./node_modules/socket.io/package.json');
  return `nestjs-roomgate ${own}, ws ${ws}, Nest ${nest}, socket.io ${socketIo}`;
}

/** @param {string} path  relative to the bench folder */
function versionOf(path) {
  try {
    return JSON.parse(readFileSync(new URL(`../${path}`, import.meta.url), 'utf8')).version;
  } catch {
    return 'not installed';
  }
}
