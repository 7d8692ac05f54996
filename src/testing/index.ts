/** What the package offers to tests: a whole chat in memory, time and chance of one's own, a disk that crashes, networks that fail, and what each port must do, as suites for any runner. */
export { type AuditFinding, type AuditReport, checkHistories } from './audit/check-histories.js'
export { type DeliveryAuditor, deliveryAuditor } from './audit/delivery-auditor.js'
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
export type { Gaps } from './gaps.js'
export { type MswHandlersOptions, type MswHttp, mswHandlers } from './msw-handlers.js'
export type { Counts, Direction } from './proxy/control.js'
export type { FrameFaultName, FrameFaults } from './proxy/frame-faults.js'
export { type FrameProxy, type FrameProxyOptions, frameProxy } from './proxy/frame-proxy.js'
export type { TcpFaultName, TcpFaults } from './proxy/tcp-faults.js'
export { type TcpProxy, type TcpProxyOptions, tcpProxy } from './proxy/tcp-proxy.js'
export { seeded } from './seeded.js'
export { type SimulatedBreach, type SimulateOptions, type Simulation, simulate } from './simulate.js'
export { type PlayedSession, type PlaySessionOptions, playSession } from './session/play-session.js'
export { type RecordedSession, type RecordSessionOptions, recordSession } from './session/record-session.js'
export { type StorageGap, type StorageGround, type StorageSuiteCase, type StorageSuiteOptions, storageSuite } from './storage-suite.js'
export { type StoreGap, type StoreGround, type StoreSuiteCase, type StoreSuiteOptions, storeSuite } from './store-suite.js'
export type { ExpectedMessage } from './test-chat/expect-view.js'
export type { TestServer } from './test-chat/server.js'
export {
  createTestChat,
  type TestChat,
  type TestChatOptions,
  type TestDevice,
  type TestDeviceOptions,
  type WaitOptions,
} from './test-chat/test-chat.js'
export {
  type TransportGap,
  type TransportGround,
  type TransportSuiteCase,
  type TransportSuiteOptions,
  transportSuite,
} from './transport-suite.js'
export { type VirtualClock, type VirtualClockOptions, virtualClock } from './virtual-clock.js'
export { sseDialer } from './sse-dialer.js'
export { webSocketDialer } from './websocket-dialer.js'
