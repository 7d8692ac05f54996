/**
 * Two paths to the same conversations as one transport: a final log that decides and may be slow, and a fast path that only
 * shows. Frames of the final log go through as they are; messages of the fast path go ahead of it, to be settled by it (R18).
 *
 *   nothing ──fast is welcomed──▶ fast ◀──fast comes or goes──▶ fast+final ◀──▶ final
 *      └──final is welcomed────────┴──final is welcomed──▲
 *
 * When the final log is lost after it was up, the link ends: the next goes on by the fast path, and its session knows how to
 * repeat what was under way. When it refuses for good, the session is told: without it nothing is ever settled. That the fast path
 * comes or goes, or refuses for good, ends nothing.
 */
import type { Clock } from '../../ports/clock.js'
import { assertArgument } from '../../ports/errors.js'
import { systemClock } from '../../ports/system-clock.js'
import type { Link, LinkClosed, LinkEvents, Transport } from '../../ports/transport.js'
import type { ClientFrame } from '../../protocol/frames.js'
import { fastLog } from './fast-log.js'
import { finalLog } from './final-log.js'
import { keepPath, type Path, type Track } from './path.js'
import { type Ground, sessionOf } from './session.js'
import { waitingIn } from './waiting.js'

export interface FinalityOptions {
  /**
   * Shows what is on its way, and decides nothing: its messages are `provisional`, its acknowledgements are ignored. It must know
   * the same users and conversations, and say `localId` with each message; one without it is not shown.
   */
  readonly fast?: Transport | undefined
  /** The log: its order, content and acknowledgements stand. It must say author and `localId` as they were sent. */
  readonly final?: Transport | undefined
  /**
   * How long the final log may lack a message that the fast path has brought, in milliseconds, while it is up and caught up; then it is
   * asked, and unless it knows better the message is withdrawn. A later confirmation still shows it. Default 60,000.
   */
  readonly withdrawMs?: number
  /** Default the machine's own; tests hand in a virtual one. */
  readonly clock?: Clock
}

/**
 * Shows messages by a fast path at once and settles them by a slow, final log: `finality({ fast: webSocketTransport(…), final: … })`.
 * Sends go both ways; only the final log makes them `sent`. Either may be missing: without the fast path it is the final transport
 * alone, without the final log messages are shown `provisional` and own ones wait in the outbox. The session names the paths that are up,
 * as `fast+final`. The application hears `corrected` and `withdrawn`. Throws `bad-argument` where both
 * are missing, one is no transport, or the time is none.
 */
export function finality({ fast, final, withdrawMs = 60_000, clock = systemClock }: FinalityOptions = {}): Transport {
  const areTransports = [fast ?? final, final ?? fast].every((each) => typeof each?.open === 'function')
  assertArgument('finality', areTransports && typeof withdrawMs === 'number' && withdrawMs >= 0, 'check transport, withdrawMs.')
  const trackOf = (transport?: Transport): Track => ({ transport, name: transport?.name, attempt: 0, dueMs: 0 })
  const ground: Ground = {
    fast: trackOf(fast),
    final: trackOf(final),
    withdrawMs,
    clock,
    waiting: new Map(),
    over: new Set(),
    link: 0,
  }
  return { name: 'finality', open: (to) => openLink(ground, to) }
}

function openLink(ground: Ground, to: LinkEvents): Link {
  const session = sessionOf(ground, to)
  const waiting = waitingIn(ground, session.tell, (n) => final.send({ type: 'ping', n }))
  const quick = fastLog(ground, waiting, session.tell)
  const sure = finalLog(ground, waiting, session.tell)
  let failure: LinkClosed | undefined
  /** Other paths are up, or a path takes another way. */
  const changed = () => session.name([fast.isUp() && ground.fast.name, final.isUp() && ground.final.name].filter((name) => name).join('+'))

  const fast: Path = keepPath(ground.fast, ground.clock, {
    ...session,
    changed,
    up(welcome) {
      quick.welcome(welcome)
      session.welcome({ ...(ground.welcome ?? welcome), time: welcome.time })
      sure.again(sendFast)
    },
    frame: (frame) => quick.frame(frame, final.isUp()),
    down: (why) => down(why, final),
  })

  const final: Path = keepPath(ground.final, ground.clock, {
    ...session,
    changed,
    up(welcome) {
      ground.welcome = welcome
      if (session.welcome(welcome)) sure.again(final.send)
      // The session counts on what only the fast path has said: it begins anew.
      else end({ code: 'terms', ...atOnce })
    },
    frame: sure.frame,
    down(why, wasUp) {
      if (why.band === 'terminal') end(why)
      else if (wasUp) end(fast.isUp() ? { ...why, ...atOnce } : why)
      else down(why, fast)
    },
  })

  const sendFast = (frame: ClientFrame) =>
    goesFast.test(frame.type) && fast.send({ ...frame, position: undefined, after: undefined } as object as ClientFrame)

  function down(why: LinkClosed, other: Path) {
    if (why.band !== 'terminal') failure = why
    other.isAlive() ? changed() : end(failure ?? why)
  }

  function end(why: LinkClosed) {
    // A path rests only while the other carries.
    if (why.band === 'terminal' || !fast.isUp()) ground.fast.dueMs = ground.final.dueMs = 0
    fast.close()
    final.close()
    waiting.close()
    session.end(why)
  }

  return {
    send(frame) {
      if (frame.type === 'hello') {
        session.begin(frame)
        fast.greet()
        return final.greet()
      }
      sure.ask(frame)
      sendFast(frame)
      if (frame.type === 'history' && !final.isUp()) session.tell({ type: 'failed', request: frame.request, code: 'unavailable' })
      else if (frame.type !== 'typing' || !fast.isUp()) final.send(frame)
    },
    close: () => end({ band: 'retry', code: 'closed' }),
  }
}

/** How a link ends whose session goes on by the next. */
const atOnce = { band: 'retry-after', retryAfterMs: 0 } as const

/**
 * What the fast path hears too, `open`, `operation`, `unfollow`, `ping` and `typing`: the rest has a meaning to one log alone. It hears it
 * without a place: its places are others, and each path has an order of its own.
 */
const goesFast = /^op|unfollow|ping/
