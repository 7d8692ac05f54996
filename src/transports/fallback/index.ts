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
import { type Hello, lookUp } from './probe.js'
import { race } from './race.js'
import { carries, type Ways, waysOf } from './ways.js'

export interface FallbackOptions {
  /**
   * How long a way may be silent, in milliseconds: unopened for so long, the next way is tried beside it; open for so long
   * without a frame, it is left. Default 2,000.
   */
  readonly silentMs?: number
  /** How long after a link begins a better way is tried again, in milliseconds; doubles up to 10 minutes, and begins anew, at once, with `online` of the page. Default 30,000. */
  readonly probeMs?: number
  /** Default the machine's own; tests hand in a virtual one. */
  readonly clock?: Clock
}

/**
 * Carries frames by the first of `transports` that works, the best first: `fallback([webSocketTransport(…), sseTransport(…)])`.
 * A way that stays silent, or ends before its first frame, is left; which one worked is remembered, by
 * this transport and in `localStorage`, and the better ones are tried again in the background. `via` of the session names the way in use. Throws `TypeError` where there is no transport.
 */
export function fallback(transports: readonly Transport[], options: FallbackOptions = {}): Transport {
  const { silentMs = 2_000, probeMs = 30_000, clock = realClock } = options
  if (transports.length === 0) throw new TypeError('fallback: pass a transport.')
  const ways = waysOf(transports, silentMs, probeMs, clock)
  return { name: 'fallback', open: (to) => openLink(ways, to) }
}

function openLink(ways: Ways, to: LinkEvents): Link {
  const { transports } = ways
  let phase: 'opening' | 'unproven' | 'carrying' | 'ended' = 'opening'
  let taken = 0
  let hello: Hello | undefined
  let stopWaiting = () => {}

  function end(why: LinkClosed) {
    if (phase === 'ended') return
    phase = 'ended'
    stopWaiting()
    link.close()
    queueMicrotask(() => to.closed(why))
  }

  /** The next link begins with this way; without a reason of its own, at once. */
  function turnTo(way: number, why: LinkClosed | string) {
    ways.first = way % transports.length
    end(typeof why === 'string' ? { band: 'retry-after', code: why, retryAfterMs: 0 } : why)
  }

  function proven() {
    phase = 'carrying'
    stopWaiting()
    carries(ways, taken)
    if (taken && hello) stopWaiting = lookUp(ways, taken, hello, (way) => turnTo(way, 'better-way'))
  }

  const link = race(ways, {
    opened(way) {
      phase = 'unproven'
      taken = way
      stopWaiting = ways.after(ways.silentMs, () => turnTo(taken + 1, 'silent'))
      to.opened()
      to.frame({ type: 'via', via: (transports[way] as Transport).name })
    },
    frame(frame) {
      // What a combinator below says by itself proves nothing.
      if (phase === 'unproven' && frame.type !== 'via') proven()
      to.frame(frame)
    },
    closed: (why) => (phase === 'unproven' && why.band === 'retry' ? turnTo(taken + 1, why) : end(why)),
  })
  return {
    send(frame) {
      if (frame.type === 'hello') hello = frame
      link.send(frame)
    },
    close: () => end({ band: 'retry', code: 'closed' }),
  }
}
