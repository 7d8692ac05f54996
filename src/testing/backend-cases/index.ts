/** Every case of the backend suite, in the order of `docs/protocol.md`. */
import { catchUpCases } from './catch-up.js'
import { eventCases } from './events.js'
import { followCases } from './follow.js'
import type { BackendCase } from './ground.js'
import { helloCases } from './hello.js'
import { historyCases } from './history.js'
import { hostileCases } from './hostile.js'
import { inboxCases } from './inbox.js'
import { lifecycleCases } from './lifecycle.js'
import { livenessCases } from './liveness.js'
import { localIdCases } from './local-ids.js'
import { logCases } from './log.js'
import { markedCases } from './marked.js'
import { openCases } from './open.js'
import { operationCases } from './operations.js'
import { orderCases } from './order.js'
import { pageCases } from './pages.js'
import { placeCases } from './places.js'
import { receiptCases } from './receipts.js'
import { takenBackCases } from './taken-back.js'
import { wireCases } from './wire.js'

const sections = [
  ...wireCases,
  ...hostileCases,
  ...logCases,
  ...placeCases,
  ...helloCases,
  ...livenessCases,
  ...openCases,
  ...catchUpCases,
  ...followCases,
  ...historyCases,
  ...pageCases,
  ...localIdCases,
  ...operationCases,
  ...orderCases,
  ...takenBackCases,
  ...receiptCases,
  ...markedCases,
  ...inboxCases,
  ...lifecycleCases,
  ...eventCases,
]

const place = ({ paragraph }: BackendCase) => {
  const [section = 0, number = 0] = paragraph.split('.').map(Number)
  return section * 100 + number
}

export const backendCases: readonly BackendCase[] = [...sections].sort((a, b) => place(a) - place(b))
