/**
 * Several ways to one server as one transport, the best first. Each link goes one way from its first frame to its end; what
 * was under way on it is the session's to repeat, so a switch can lose, double or disorder nothing (R12, R26).
 *
 *   opening ──a way opens──▶ open ──a frame──▶ online ──a probe is welcomed──▶ closed, the next link goes the better way
 *      │ none opens            │ silent, ends
 *      ▼                       ▼
 *    closed                  closed, the next link begins with another way
 */
import type { Clock } from '../../ports/clock.js'
import { assertArgument } from '../../ports/errors.js'
import { systemClock } from '../../ports/system-clock.js'
import type { Link, LinkClosed, LinkEvents, Transport } from '../../ports/transport.js'
import { type Hello, lookUp } from './probe.js'
import { race } from './race.js'
import { type Ways, waysOf } from './ways.js'

export interface FallbackOptions {
  /**
   * How long a way may be silent, in milliseconds: unopened for so long, the next way is tried beside it; open for so long
   * without a frame, it is left, until all were left so: then each has as long as the session waits. Default 2,000.
   */
  readonly silentMs?: number
  /**
   * How long after a link begins a better way is tried again, in milliseconds; doubles up to 10 minutes, and begins anew, at once, with
   * `online` of the page and after a link was lost. Default 30,000.
   */
  readonly probeMs?: number
  /** What worked is remembered by this name in all pages of an origin: one name per server, where not all offer the same ways. Default `chatloom`. */
  readonly name?: string
  /** Default the machine's own; tests hand in a virtual one. */
  readonly clock?: Clock
}

/**
 * Carries frames by the first of `transports` that works, the best first: `fallback([webSocketTransport(…), sseTransport(…)])`.
 * A way that stays silent, or ends before its first frame, is left; which one worked is remembered, by
 * this transport and in `localStorage`, and the better ones are tried again in the background. `via` of the session names the way in use. Throws `bad-argument`
 * where there is no transport, one that is none, or a time that is none.
 */
export function fallback(transports: readonly Transport[], options: FallbackOptions = {}): Transport {
  const { silentMs = 2_000, probeMs = 30_000, name = 'chatloom', clock = systemClock } = options
  const areTransports = transports?.[0] && transports.every?.((each) => typeof each?.open === 'function')
  const areTimes = [silentMs, probeMs].every((ms) => typeof ms === 'number' && ms >= 0)
  assertArgument('fallback', areTransports && areTimes, 'check transports, silentMs, probeMs.')
  const ways = waysOf(transports, silentMs, probeMs, clock, name)
  return { name: 'fallback', open: (to) => openLink(ways, to) }
}

/** Without a wait: nobody is pressed by a change of way. */
const moved: LinkClosed = { band: 'retry-after', code: 'moved', retryAfterMs: 0 }

function openLink(ways: Ways, to: LinkEvents): Link {
  const { transports } = ways
  let phase: 'open' | 'online' | 'closed' | undefined
  let taken = 0
  let hello: Hello | undefined
  let stopWaiting = () => {}

  function end(why: LinkClosed, waitMs = 0) {
    if (phase === 'closed') return
    phase = 'closed'
    // What was lost may come back by another network.
    ways.waitMs = waitMs
    stopWaiting()
    link.close()
    queueMicrotask(() => to.closed(why))
  }

  /** The next link begins with this way. */
  function turnTo(way: number, why = moved) {
    ways.first = way % transports.length
    end(why, ways.probeMs)
  }

  const link = race(ways, {
    opened(way) {
      phase = 'open'
      taken = way
      if (ways.tries++ < transports.length) stopWaiting = ways.after(ways.silentMs, () => turnTo(way + 1))
      // Where all were, the network or the server is slow, and not to be pressed (L9): each has as long as the session waits.
      else ways.first = (way + 1) % transports.length
      to.opened()
      to.frame({ type: 'via', via: (transports[way] as Transport).name })
    },
    frame(frame) {
      // What a combinator below says by itself proves nothing.
      if (phase === 'open' && frame.type !== 'via') {
        phase = 'online'
        stopWaiting()
        ways.carries(taken)
        if (taken && hello) stopWaiting = lookUp(ways, taken, hello, turnTo)
      }
      to.frame(frame)
    },
    closed: (why) => (phase === 'open' && why.band === 'retry' ? turnTo(taken + 1, why) : end(why)),
  })
  return {
    send(frame) {
      if (frame.type === 'hello') hello = frame
      link.send(frame)
    },
    close: () => end({ band: 'retry', code: 'closed' }),
  }
}
