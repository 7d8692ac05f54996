/**
 * Two paths to the same conversations as one transport: a final log that decides and may be slow, and a fast path that only
 * shows. Frames of the final log go through as they are; messages of the fast path go ahead of it, to be settled by it (R18).
 *
 *   nothing ──fast is welcomed──▶ fast ◀──fast comes or goes──▶ fast+final ◀──▶ final
 *      └──final is welcomed────────┴──final is welcomed──▲
 *
 * When the final log is lost after it was up, the link ends: the next goes on by the fast path, and its session knows how to
 * repeat what was under way. That the fast path comes or goes ends nothing.
 */
import type { Clock } from '../../ports/clock.js'
import type { Link, LinkClosed, LinkEvents, LinkFrame, Transport } from '../../ports/transport.js'
import type { ClientFrame, Welcome } from '../../protocol/frames.js'
import { realClock } from '../real-clock.js'
import { fastLog } from './fast-log.js'
import { finalLog } from './final-log.js'
import { keepPath, type Path, type Track } from './path.js'
import { type Memory, waitingIn } from './waiting.js'

type Hello = Extract<ClientFrame, { type: 'hello' }>

export interface FinalityOptions {
  /**
   * Shows what is on its way, and decides nothing: its messages are `provisional`, its acknowledgements are ignored. It must know
   * the same users and conversations, and say `localId` with each message; one without it is not shown.
   */
  readonly fast: Transport
  /** The log: its order, content and acknowledgements stand. It must say author and `localId` as they were sent. */
  readonly final: Transport
  /**
   * How long the final log may lack a message that the fast path has brought, in milliseconds, while it is up and caught up; then
   * the message is withdrawn. A later confirmation still shows it. Default 60,000.
   */
  readonly withdrawMs?: number
  /** Default the machine's own; tests hand in a virtual one. */
  readonly clock?: Clock
}

/** What all links of one transport know together: those of one user, one after the other. */
interface Ground extends Memory {
  readonly fast: Track
  readonly final: Track
  readonly withdrawMs: number
  readonly clock: Clock
  user: string
  /** Rises with every greeting on either path (R26). */
  greetings: number
  /** What the final log said of itself last: a session that begins without it is told the same. */
  terms?: Welcome
}

/**
 * Shows messages by a fast path at once and settles them by a slow, final log: `finality({ fast: webSocketTransport(…), final: … })`.
 * Sends go both ways; only the final log makes them `sent`. Either may be missing: without the fast path it is the final transport
 * alone, without the final log messages are shown `provisional` and own ones wait in the outbox. The session names the paths that are up,
 * as `fast+final`. The application hears `corrected` and `withdrawn`.
 */
export function finality({ fast, final, withdrawMs = 60_000, clock = realClock }: FinalityOptions): Transport {
  const trackOf = (transport: Transport): Track => ({ transport, name: transport.name, tries: 0, restUntilMs: 0 })
  const ground: Ground = {
    fast: trackOf(fast),
    final: trackOf(final),
    withdrawMs,
    clock,
    waiting: new Map(),
    over: new Set(),
    user: '',
    greetings: 0,
  }
  return { name: 'finality', open: (to) => openLink(ground, to) }
}

function openLink(ground: Ground, to: LinkEvents): Link {
  const { clock, withdrawMs } = ground
  let hello: Hello | undefined
  let told: Welcome | undefined
  let failure: LinkClosed | undefined
  let via = ''
  let isOpen = false
  let isOver = false

  const tell = (frame: LinkFrame) => isOver || to.frame(frame)
  const waiting = waitingIn(ground, withdrawMs, clock, tell)
  const quick = fastLog({ waiting, withdrawMs, now: clock.now, tell })
  const sure = finalLog(() => ground.user, waiting)

  const fast: Path = keepPath(ground.fast, clock, {
    opened,
    greeting,
    renamed,
    up(welcome) {
      quick.welcomed(welcome)
      greet(ground.terms ? { ...ground.terms, time: welcome.time } : welcome)
      sure.repeat(sendFast)
    },
    frame(frame) {
      quick.hear(frame)
      if (frame.type === 'pong' && !final.isUp()) tell({ ...frame, heads: [] })
    },
    down: (why) => down(why, final),
  })

  const final: Path = keepPath(ground.final, clock, {
    opened,
    greeting,
    renamed,
    up(welcome) {
      ground.terms = welcome
      // The session counts on what only the fast path has said: it begins anew.
      if (told && termsOf(told) !== termsOf(welcome)) return end({ band: 'retry-after', code: 'other-terms', retryAfterMs: 0 })
      greet(welcome)
      sure.repeat(final.send)
    },
    frame(frame) {
      sure.hear(frame)
      tell(frame)
    },
    down(why, wasUp) {
      if (!wasUp) down(why, fast)
      else end(fast.isUp() ? { ...why, band: 'retry-after', retryAfterMs: 0 } : why)
    },
  })

  function opened() {
    if (!isOpen) to.opened()
    isOpen = true
  }

  function greeting() {
    if (!hello) return undefined
    ground.greetings = Math.max(ground.greetings + 1, hello.link)
    return { ...hello, link: ground.greetings }
  }

  function greet(welcome: Welcome) {
    renamed()
    if (told) return
    told = welcome
    tell(welcome)
    waiting.sayAgain()
  }

  /** Other paths are up, or a path takes another way. */
  function renamed() {
    const names = [fast.isUp() && ground.fast.name, final.isUp() && ground.final.name].filter(Boolean).join('+')
    if (!names || names === via) return
    via = names
    tell({ type: 'via', via })
  }

  function down(why: LinkClosed, other: Path) {
    if (!failure || failure.band === 'terminal' || why.band !== 'terminal') failure = why
    if (other.isAlive()) renamed()
    else end(failure)
  }

  function end(why: LinkClosed) {
    if (isOver) return
    isOver = true
    // A path rests only while the other carries.
    if (!fast.isUp()) ground.fast.restUntilMs = ground.final.restUntilMs = 0
    waiting.stop()
    fast.close()
    final.close()
    queueMicrotask(() => to.closed(why))
  }

  function sendFast(frame: ClientFrame) {
    const { type } = frame
    // Its places are others.
    if (type === 'open') fast.send({ ...frame, position: undefined })
    // Each path has an order of its own.
    else if (type === 'operation') fast.send({ ...frame, after: undefined })
    else if (type === 'ping' || type === 'unfollow' || type === 'typing') fast.send(frame)
  }

  function begin(frame: Hello) {
    hello = frame
    if (ground.user !== frame.user) for (const each of [ground.waiting, ground.over]) each.clear()
    ground.user = frame.user
    fast.greet()
    final.greet()
  }

  return {
    send(frame) {
      if (frame.type === 'hello') return begin(frame)
      sure.asked(frame)
      sendFast(frame)
      if (frame.type === 'history' && !final.isUp())
        queueMicrotask(() => tell({ type: 'failed', request: frame.request, code: 'unavailable' }))
      else if (frame.type !== 'typing' || !fast.isUp()) final.send(frame)
    },
    close: () => end({ band: 'retry', code: 'closed' }),
  }
}

/** What a session goes by for as long as its link lives. */
function termsOf({ user, limits, features }: Welcome): string {
  return JSON.stringify([user, limits, features])
}
