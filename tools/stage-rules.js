/**
 * Why this exists: the map of src in a form that a tool can read. Who may import whom stands here and only
 * here; check-stage-imports.js applies it. Loosening a line is a decision about the design, so say why.
 */
import { manifest } from './common.js';

const root = (/** @type {string} */ names) => names.split(' ').map((it) => `roomgate.${it}.ts`);
/** What everybody may use, and the shell: the files that wire the stages to Nest. */
const BASE = root('errors constants options clock rules later uuid');
const SHELL = root(
  'module shutdown config variables boot handlers routes providers node entrance publisher failures',
);
const STAGES = ['adapter/', 'admission/', 'connection/', 'gateway/', 'room/'];
const ENGINE_SEAM = ['engine', 'presence-entry', 'publication'].map((it) => `room/engine/${it}.ts`);
/** From admission on everybody speaks of room ids and the principal's type; the decision stays there. */
const AFTER_ADMISSION = [...BASE, 'type admission/', 'admission/room-id.ts'];
/** Rooms and revocations know nothing of each other. */
const IN_REDIS = [
  ...BASE,
  ...['network/', 'scripts/', 'keys.ts', 'epoch.ts', 'store.ts'].map((it) => `redis/${it}`),
];

/**
 * What a part of src may import besides itself. The longest key that matches a file is its part; a trailing
 * slash means everything below, `type ` in front means by `import type` alone.
 * @type {Record<string, string[]>}
 */
export const MAY_IMPORT = {
  'adapter/': [...BASE, 'admission/', 'connection/'],
  'admission/': BASE,
  'connection/': AFTER_ADMISSION,
  'gateway/': [
    ...AFTER_ADMISSION,
    'admission/principal.ts',
    // A refresh is a second verdict on a connection that exists.
    'admission/renewal.ts',
    // A join is the rest of one.
    'admission/refusals.ts',
    'connection/',
    'type room/',
    'room/room.service.ts',
  ],
  'room/': [
    ...AFTER_ADMISSION,
    // Rights that are lost come as refusals, and narrow what is granted again.
    'admission/bounded-cache.ts',
    'admission/generations.ts',
    'admission/refusals.ts',
    'admission/room-rights.ts',
    'connection/',
    ...ENGINE_SEAM,
  ],
  'room/engine/': [],
  'redis/': [...IN_REDIS, 'room/engine/engine.ts'],
  'redis/network/': [...BASE, 'redis/scripts/script.ts'],
  'redis/scripts/': ['redis/keys.ts'],
  'redis/rooms/': [...IN_REDIS, ...ENGINE_SEAM],
  'redis/revocations/': [...IN_REDIS, 'admission/'],
  'toolkit/': [...BASE, ...STAGES, ...SHELL, 'index.ts', 'redis/'],
  'index.ts': [...BASE, ...STAGES, ...SHELL],
  'roomgate.errors.ts': [],
  'roomgate.constants.ts': [],
  'roomgate.clock.ts': ['roomgate.later.ts'],
  'roomgate.later.ts': [],
  'roomgate.uuid.ts': [],
  'roomgate.rules.ts': ['roomgate.errors.ts'],
  'roomgate.options.ts': [...BASE, ...STAGES],
};
for (const file of SHELL) MAY_IMPORT[file] = [...BASE, ...STAGES, ...SHELL];
// A worker that publishes has no sockets: nothing of the door may come with it.
MAY_IMPORT['roomgate.publisher.ts'] = [...BASE, 'room/'];
// The subpath entries (testing.ts, redis.ts, …) are the only doors to redis/ and toolkit/.
for (const subpath of Object.keys(manifest.exports)) {
  const entry = `${subpath.slice(2)}.ts`;
  if (entry !== '.ts' && !subpath.endsWith('.json')) {
    MAY_IMPORT[entry] = [...MAY_IMPORT['index.ts'], 'index.ts', 'redis/', 'toolkit/'];
  }
}

/** Suffixes that say "imports Nest". The shell may, and what is used beside the flow. */
const NEST =
  /\.(module|adapter|controller|guard|decorator|filter|interceptor|service|gateway|pipe)\.ts$/;
/** Suffixes that may name Nest's types. */
const NEST_TYPES = /\.(config|constants|options)\.ts$/;

/** @param {string} file @param {boolean} typeOnly */
export const mayUseNest = (file, typeOnly) =>
  NEST.test(file) ||
  SHELL.includes(file) ||
  file.startsWith('toolkit/') ||
  (typeOnly && NEST_TYPES.test(file));
