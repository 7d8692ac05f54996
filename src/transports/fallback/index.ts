/**
 * Several ways to one server as one transport, the best first. Each link goes one way from its first frame to its end; what
 * was under way on it is the session's to repeat, so a switch can lose, double or disorder nothing (R12, R26).
 *
 *   opening ──a way opens──▶ unproven ──a frame──▶ carrying ──a probe is welcomed──▶ ended, the next link goes the better way
 *      │ none opens              │ silent, ends
 *      ▼                         ▼
 *    ended                     ended, the next link begins with another way
 */
import type { Clock } from '../../ports/clock.js'
import type { Link, LinkClosed, LinkEvents, Transport } from '../../ports/transport.js'
import { realClock } from '../real-clock.js'
import { type Hello, probe } from './probe.js'

export interface FallbackOptions {
  /**
   * How long a way may be silent, in milliseconds: unopened for so long, the next way is tried beside it; open for so long
   * without a frame, it is left. Default 2,000.
   */
  readonly silentMs?: number
  /** How long after a link begins a better way is tried again, in milliseconds; doubles up to 10 minutes. Default 30,000. */
  readonly probeMs?: number
  /** Default the machine's own; tests hand in a virtual one. */
  readonly clock?: Clock
}

/** What all links of one fallback know together. */
interface Ways {
  readonly transports: readonly Transport[]
  readonly silentMs: number
  readonly probeMs: number
  readonly after: (ms: number, run: () => void) => () => void
  /** The way that the next link tries first. */
  first: number
  /** The wait for the next probe. */
  waitMs: number
}

const longestWaitMs = 600_000

/**
 * Carries frames by the first of `transports` that works, the best first: `fallback([webSocketTransport(…), sseTransport(…)])`.
 * A way that stays silent, or ends before its first frame, is left; which one worked is remembered, by
 * this transport and in `localStorage`, and the better ones are tried again in the background. `via` of the session names the way in use. Throws `TypeError` where there is no transport.
 */
export function fallback(transports: readonly Transport[], options: FallbackOptions = {}): Transport {
  const { silentMs = 2_000, probeMs = 30_000, clock = realClock } = options
  if (transports.length === 0) throw new TypeError('fallback: there is no transport to choose from; pass at least one.')
  const after = (ms: number, run: () => void) => clock.timer(clock.now() + ms, run)
  const worked = transports.findIndex(({ name }) => name === recall())
  const ways: Ways = { transports, silentMs, probeMs, after, first: Math.max(0, worked), waitMs: probeMs }
  return { name: 'fallback', open: (to) => openLink(ways, to) }
}

function openLink(ways: Ways, to: LinkEvents): Link {
  const { transports, silentMs, after } = ways
  const left = [ways.first, ...transports.keys()].filter((way, i) => i === 0 || way !== ways.first)
  const links = new Map<number, Link>()
  let phase: 'opening' | 'unproven' | 'carrying' | 'ended' = 'opening'
  let taken = -1
  let failure: LinkClosed | undefined
  let hello: Hello | undefined
  let stopWaiting = () => {}

  function end(why: LinkClosed) {
    if (phase === 'ended') return
    phase = 'ended'
    stopWaiting()
    for (const link of links.values()) link.close()
    queueMicrotask(() => to.closed(why))
  }

  function wait(ms: number, run: () => void) {
    stopWaiting()
    stopWaiting = after(ms, run)
  }

  function tryNext() {
    const way = left.shift()
    const transport = way === undefined ? undefined : transports[way]
    if (way === undefined || !transport) return
    wait(silentMs, tryNext)
    const link = transport.open({
      opened: () => opened(way),
      frame(frame) {
        if (way !== taken) return
        // What a combinator below says by itself proves nothing.
        if (phase === 'unproven' && frame.type !== 'via') carries(way)
        to.frame(frame)
      },
      closed: (why) => closed(way, why),
    })
    links.set(way, link)
  }

  function opened(way: number) {
    if (phase !== 'opening') return
    phase = 'unproven'
    taken = way
    for (const [other, link] of links) if (other !== way) link.close()
    wait(silentMs, () => avoid(way, { band: 'retry-after', code: 'silent', retryAfterMs: 0 }))
    to.opened()
    to.frame({ type: 'via', via: (transports[way] as Transport).name })
  }

  function carries(way: number) {
    phase = 'carrying'
    if (ways.first !== way) ways.waitMs = ways.probeMs
    ways.first = way
    remember((transports[way] as Transport).name)
    stopWaiting()
    if (way > 0) wait(ways.waitMs, () => lookUp(0))
  }

  /** Asks the better ways, one after the other, whether they carry frames by now. */
  function lookUp(way: number) {
    if (way === taken) {
      ways.waitMs = Math.min(ways.waitMs * 2, longestWaitMs)
      return wait(ways.waitMs, () => lookUp(0))
    }
    const deadline = (run: () => void) => after(2 * silentMs, run)
    stopWaiting = probe(transports[way] as Transport, hello as Hello, deadline, (works) => {
      if (!works) return lookUp(way + 1)
      ways.first = way
      end({ band: 'retry-after', code: 'better-way', retryAfterMs: 0 })
    })
  }

  function avoid(way: number, why: LinkClosed) {
    ways.first = (way + 1) % transports.length
    end(why)
  }

  function closed(way: number, why: LinkClosed) {
    links.delete(way)
    if (phase === 'unproven' && way === taken && why.band === 'retry') return avoid(way, why)
    if (phase !== 'opening') return way === taken ? end(why) : undefined
    // A server that answered has been reached: what it says is for the session.
    if (why.band === 'refresh' || why.band === 'retry-after') return end(why)
    if (failure?.band !== 'retry') failure = why
    if (left.length > 0) tryNext()
    else if (links.size === 0) end(failure)
  }

  tryNext()
  return {
    send(frame) {
      if (frame.type === 'hello') hello = frame
      links.get(taken)?.send(frame)
    },
    close: () => end({ band: 'retry', code: 'closed' }),
  }
}

const memory = 'chatloom.way'

/** The name of the way that carried last in this browser, where it lets us know. */
function recall(): string | null {
  try {
    return localStorage.getItem(memory)
  } catch {
    return null
  }
}

function remember(name: string) {
  try {
    localStorage.setItem(memory, name)
  } catch {
    // Without storage the next page begins with the best way again.
  }
}
