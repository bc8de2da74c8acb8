export { Clock } from './core/clock.js';
export { FakeClock } from './toolkit/testing/fake-clock.js';
export { TestIssuer, type TokenRequest } from './toolkit/testing/test-issuer.js';
export { TestConnection, type TestMessage } from './toolkit/testing/test-connection.js';
export {
  createRoomgateTestbed,
  type ConnectRequest,
  type RefusalResult,
  RoomgateTestbed,
  type TestbedOptions,
} from './toolkit/testing/testbed.js';
export { DelayedEngine } from './toolkit/testing/delayed.engine.js';
