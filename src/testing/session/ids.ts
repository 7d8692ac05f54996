/** What was recorded, in the ids of a client that asks now. */
import type { LinkFrame } from '../../ports/transport.js'
import type { ClientFrame } from '../../protocol/frames.js'
import type { SentFrame } from './lines.js'

export interface Ids {
  /** The client has sent `frame` where `recorded` stands. */
  match(recorded: SentFrame, frame: ClientFrame): void
  retold(frame: LinkFrame): LinkFrame
}

/** Of one link. `names`: local ids of now by the recorded ones, of all links. */
export function idsOf(names: Map<string, string>): Ids {
  const requests = new Map<number, number>()
  const tries = new Map<string, number>()
  return {
    match(recorded, frame) {
      if (recorded.request !== undefined && 'request' in frame) requests.set(recorded.request, frame.request)
      if (recorded.localId === undefined || frame.type !== 'operation') return
      names.set(recorded.localId, frame.localId)
      tries.set(recorded.localId, frame.try)
    },
    retold(frame) {
      const told = renamed(frame, names) as LinkFrame
      if (frame.type === 'reject') return { ...told, try: tries.get(frame.localId) ?? frame.try } as LinkFrame
      if (!('request' in frame) || frame.request === undefined) return told
      return { ...told, request: requests.get(frame.request) ?? frame.request } as LinkFrame
    },
  }
}

/** With every local id that has another name now. */
function renamed(value: unknown, names: ReadonlyMap<string, string>): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map((item) => renamed(item, names))
  const entries = Object.entries(value).map(([key, item]) => [
    key,
    key === 'localId' ? (names.get(item as string) ?? item) : renamed(item, names),
  ])
  return Object.fromEntries(entries)
}
