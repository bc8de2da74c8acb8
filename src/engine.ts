export {
  type EngineKey,
  type EngineSink,
  type HistoryLimits,
  type HistoryPage,
  type MaybePromise,
  type Position,
  type PresenceChange,
  type PresenceEntry,
  type PresencePage,
  type PresentMember,
  type Publication,
  type PublishOptions,
  type ReadRange,
  RoomEngine,
} from './room/engine/engine.js';
export { describeRoomEngine } from './toolkit/engine-suite/engine-suite.js';
export type { EngineUnderTest, TestRunner } from './toolkit/engine-suite/engine-probe.js';
