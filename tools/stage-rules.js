/**
 * Why this exists: the map of src in a form that a tool can read. Who may import whom stands here and only
 * here; check-stage-imports.js applies it. Loosening a line is a decision about the design, so say why.
 */
import { manifest } from './common.js';

const STAGES = ['adapter/', 'admission/', 'connection/', 'gateway/', 'room/'];
/** What every part may use: values and helpers without a stage, and the type of all options. */
const BASE = ['core/', 'module/options.ts'];
/** Every stage after admission speaks of room ids and of the principal's type; the decision stays in admission. */
const AFTER_ADMISSION = [...BASE, 'type admission/', 'admission/room-id.ts'];
/** Rooms and revocations know nothing of each other. */
const IN_REDIS = [
  ...BASE,
  ...['network/', 'scripts/', 'keys.ts', 'store.ts'].map((it) => `redis/${it}`),
];

/**
 * What a part of src may import besides itself. The longest key that matches a file is its part; a trailing
 * slash means everything below, `type ` in front means by `import type` alone.
 * @type {Record<string, string[]>}
 */
export const MAY_IMPORT = {
  'core/': [],
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
    'admission/refusals.ts',
    'admission/room-admission.ts',
    'connection/',
    'room/engine/engine.ts',
  ],
  'room/engine/': [],
  'redis/': [...IN_REDIS, 'room/engine/engine.ts'],
  'redis/network/': [...BASE, 'redis/scripts/script.ts'],
  'redis/scripts/': ['redis/keys.ts'],
  'redis/rooms/': [...IN_REDIS, 'room/engine/engine.ts'],
  'redis/revocations/': [...IN_REDIS, 'admission/'],
  'module/': [...BASE, ...STAGES],
  'module/options.ts': [...BASE, ...STAGES],
  // A worker that publishes has no sockets: nothing of the door may come with it.
  'module/room-publisher.module.ts': [...BASE, 'room/'],
  'toolkit/': [...BASE, ...STAGES, 'module/', 'index.ts', 'redis/'],
  'index.ts': [...BASE, ...STAGES, 'module/'],
};
// The subpath entries (testing.ts, redis.ts, …) are the only doors to redis/ and toolkit/.
for (const subpath of Object.keys(manifest.exports)) {
  const entry = `${subpath.slice(2)}.ts`;
  if (entry !== '.ts' && !subpath.endsWith('.json')) {
    MAY_IMPORT[entry] = [...MAY_IMPORT['index.ts'], 'index.ts', 'redis/', 'toolkit/'];
  }
}

/** Suffixes that say "imports Nest". */
const NEST =
  /\.(module|adapter|controller|guard|filter|interceptor|service|gateway|decorator)\.ts$/;
/** Files of the gateway that are Nest's by their name. */
const NEST_FILES = /^gateway\/(decorators|pipes|nest-patches)\.ts$/;
/** Suffixes that may name Nest's types. */
const NEST_TYPES = /(\.options|^core\/constants)\.ts$/;

/** @param {string} file @param {boolean} typeOnly */
export const mayUseNest = (file, typeOnly) =>
  NEST.test(file) ||
  NEST_FILES.test(file) ||
  file.startsWith('module/') ||
  file.startsWith('toolkit/') ||
  (typeOnly && NEST_TYPES.test(file));
