/** Bounds of what a tab holds and of how often it asks: counts that nothing may pass, whatever fails. */
import type { Session } from '../../../client/api.js'
import type { ChatState } from '../../../core/state.js'
import type { ClientFrame } from '../../../protocol/frames.js'
import type { Journal } from '../journal.js'

/** Rows of a window where nothing keeps them from being let go, and where a disk that takes nothing does. */
const windowRows = 400
const unwrittenRows = 1_600
const beyond = 256
const kept = 256
const patches = 1_000
const inFlight = 8
const unackedBytes = 256 * 1_024

/** `held`: as many conversations as this client may hold. Those that somebody watches or that wait are never let go: returns the most so far. */
export function checkCaps(journal: Journal, who: string, state: ChatState, held: number): number {
  const say = (room: string, what: string) => journal.broken('caps', `${who} in ${room}: ${what}`)
  let flying = 0
  let busy = 0
  for (const { id, log, entries, cache, ahead, watchers, receipts } of state.conversations) {
    const { tail, view, load } = log
    if (tail.rows.length > unwrittenRows + windowRows) say(id, `holds ${tail.rows.length} rows`)
    if (view && view.rows.length > windowRows) say(id, `shows ${view.rows.length} rows`)
    if (log.beyond.length > beyond) say(id, `keeps ${log.beyond.length} changes beyond a hole`)
    if ((load?.kept?.length ?? 0) > kept + patches) say(id, `keeps ${load?.kept?.length} changes for a page`)
    if (cache.patches.length > patches) say(id, `has ${cache.patches.length} rows to write`)
    if (ahead.length > beyond) say(id, `shows ${ahead.length} ahead of the log`)
    const flight = entries.filter(({ arm }) => arm.kind === 'inflight')
    if (flight.length > inFlight) say(id, `has ${flight.length} in flight`)
    for (const { bytes } of flight) flying += bytes
    if (watchers || entries.length || load || log.catchUp || cache.dirty || cache.flight || cache.rereading || receipts.pending) busy += 1
  }
  if (flying > unackedBytes) say('all', `has ${flying} bytes in flight`)
  const most = Math.max(held, busy)
  // Busy for a moment between two looks counts too.
  if (state.conversations.length > most + 2) say('all', `holds ${state.conversations.length} conversations of ${held}`)
  return most
}

const minuteMs = 60_000
/** In any minute: links greeted, and transmissions of one entry. */
const most = { hello: 60, operation: 30 }

/** Counts what one tab sends, and says when it presses. */
export function budget(journal: Journal, who: string, now: () => number): (frame: ClientFrame) => void {
  const seen = new Map<string, number[]>()
  return (frame) => {
    if (frame.type !== 'hello' && frame.type !== 'operation') return
    const key = frame.type === 'hello' ? '' : frame.localId
    const times = seen.get(key) ?? []
    seen.set(key, times)
    times.push(now())
    while ((times[0] as number) < now() - minuteMs) times.shift()
    if (times.length > most[frame.type]) journal.broken('retry-budget', `${who} sent ${times.length} ${frame.type} ${key} within a minute`)
  }
}

/** The first wait is drawn from so many milliseconds. */
const firstWaitMs = 500
/** Of so many first waits so many may be about the same: drawn fairly, more are once in a thousand million. */
const spread = { of: 24, alike: 11, withinMs: firstWaitMs / 32 }

/** Who has lost a server must not come back when all others do. Hears the sessions of one tab each. */
export function returns(journal: Journal): () => (session: Session) => void {
  const waits: number[] = []
  return () => {
    let before = ''
    return (session) => {
      const isNew = session.phase === 'waiting' && before !== 'waiting' && session.attempt === 1
      before = session.phase
      // A server that says when to come back is waited for longer.
      if (!isNew || session.retryInMs > firstWaitMs) return
      waits.push(session.retryInMs)
      if (waits.length < spread.of) return
      const sorted = waits.splice(0).sort((a, b) => a - b)
      const isAlike = sorted.some((ms, i) => (sorted[i + spread.alike] ?? Number.POSITIVE_INFINITY) - ms < spread.withinMs)
      if (isAlike) journal.broken('returns-spread', `of ${spread.of} waits more than ${spread.alike} are about the same`)
    }
  }
}

/** Whoever holds the link that tabs share may sleep: once a minute each of the others may find out by force. */
export function force(journal: Journal, now: () => number): (lock: string, by: object) => void {
  const last = new Map<string, WeakMap<object, number>>()
  return (lock, by) => {
    // Whoever has the licence to use force and sleeps loses that.
    if (lock.endsWith('/licence')) return
    const own = last.get(lock) ?? new WeakMap<object, number>()
    last.set(lock, own)
    const sinceMs = now() - (own.get(by) ?? Number.NEGATIVE_INFINITY)
    if (sinceMs < minuteMs) journal.broken('force-paused', `${lock} was taken by force by one tab again after ${sinceMs} ms`)
    own.set(by, now())
  }
}
