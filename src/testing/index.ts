/** What the package offers to tests: time and chance of one's own, a disk that crashes, and what each port must do, as suites for any runner. */
export { type BackendResult, type BackendRunOptions, runBackendCases } from './backend-run.js'
export {
  type BackendArrange,
  type BackendConversation,
  BackendError,
  type BackendNeed,
  type BackendSuiteCase,
  type BackendSuiteOptions,
  type BackendVerdict,
  backendSuite,
} from './backend-suite.js'
export { type CrashingStorage, type CrashingStorageOptions, crashingStorage } from './crashing-storage.js'
export type { Dialer, Wire, WireEnd, WireEvents } from './dialer.js'
export { seeded } from './seeded.js'
export { type StorageGap, type StorageGround, type StorageSuiteCase, type StorageSuiteOptions, storageSuite } from './storage-suite.js'
export { type StoreGround, type StoreSuiteCase, storeSuite } from './store-suite.js'
export {
  type TransportGap,
  type TransportGround,
  type TransportSuiteCase,
  type TransportSuiteOptions,
  transportSuite,
} from './transport-suite.js'
export { type VirtualClock, type VirtualClockOptions, virtualClock } from './virtual-clock.js'
export { webSocketDialer } from './websocket-dialer.js'
