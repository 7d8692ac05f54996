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
import { type Final, finalLog } from './final-log.js'
import { type Hello, keepPath, type Path, type Track, trackOf } from './path.js'
import { type Memory, newMemory, waitingIn } from './waiting.js'

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

/** What all links of one transport know together. */
interface Ground {
  readonly fast: Track
  readonly final: Track
  readonly withdrawMs: number
  readonly clock: Clock
  /** Rises with every greeting on either path (R26). */
  greetings: number
  memory: Memory
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
  const ground: Ground = { fast: trackOf(fast), final: trackOf(final), withdrawMs, clock, greetings: 0, memory: newMemory('') }
  return { name: 'finality', open: (to) => openLink(ground, to) }
}

function openLink(ground: Ground, to: LinkEvents): Link {
  const { clock, withdrawMs } = ground
  const whys = new Map<Path, LinkClosed>()
  let hello: Hello | undefined
  let sides: ReturnType<typeof sidesOf> | undefined
  let told: Welcome | undefined
  let via = ''
  let isOpen = false
  let isOver = false

  const tell = (frame: LinkFrame) => isOver || to.frame(frame)

  const fast: Path = keepPath(ground.fast, clock, {
    opened,
    greeting,
    up(welcome) {
      sides?.fast.welcomed(welcome)
      greet(ground.terms ? { ...ground.terms, time: welcome.time } : welcome)
      for (const frame of sides?.final.forFast() ?? []) fast.send(frame)
    },
    frame(frame) {
      if (frame.type !== 'pong') sides?.fast.hear(frame)
      else if (!final.isUp()) tell({ ...frame, heads: [] })
    },
    down: (why) => down(fast, why, final),
    renamed: sayVia,
  })

  const final: Path = keepPath(ground.final, clock, {
    opened,
    greeting,
    up(welcome) {
      ground.terms = welcome
      // The session counts on what only the fast path has said: it begins anew.
      if (told && termsOf(told) !== termsOf(welcome)) return end({ band: 'retry-after', code: 'other-terms', retryAfterMs: 0 })
      greet(welcome)
      for (const frame of sides?.final.whenUp() ?? []) final.send(frame)
    },
    frame(frame) {
      sides?.final.hear(frame)
      tell(frame)
    },
    down(why, wasUp) {
      if (wasUp) end(fast.isUp() ? { ...why, band: 'retry-after', retryAfterMs: 0 } : why)
      else down(final, why, fast)
    },
    renamed: sayVia,
  })

  function opened() {
    if (isOpen) return
    isOpen = true
    to.opened()
  }

  function greeting() {
    if (!hello) return undefined
    ground.greetings = Math.max(ground.greetings + 1, hello.link)
    return { ...hello, link: ground.greetings }
  }

  function greet(welcome: Welcome) {
    sayVia()
    if (told) return
    told = welcome
    tell(welcome)
    sides?.waiting.sayAgain()
  }

  function sayVia() {
    const up = [fast, final].filter((path) => path.isUp())
    const names = up.map((path) => path.name()).join('+')
    if (names === '' || names === via) return
    via = names
    tell({ type: 'via', via })
  }

  function down(path: Path, why: LinkClosed, other: Path) {
    whys.set(path, why)
    if (other.isAlive()) return sayVia()
    const isFinal = ({ band }: LinkClosed) => band === 'terminal'
    const others = whys.get(other)
    if (!isFinal(why) || !others) end(why)
    else end(isFinal(others) ? (whys.get(final) ?? why) : others)
  }

  function end(why: LinkClosed) {
    if (isOver) return
    // A path rests only while the other carries.
    if (!fast.isUp()) for (const track of [ground.fast, ground.final]) track.restUntilMs = 0
    isOver = true
    sides?.waiting.stop()
    fast.close()
    final.close()
    queueMicrotask(() => to.closed(why))
  }

  function send(frame: ClientFrame) {
    if (!sides) return
    if (frame.type === 'open') fast.send(sides.fast.opening(frame.conversation))
    else if (frame.type === 'ping' || frame.type === 'unfollow') fast.send(frame)
    // Each path has its own order.
    else if (frame.type === 'operation') fast.send({ ...frame, after: undefined })
    else if (frame.type === 'typing' && fast.isUp()) return fast.send(frame)
    sides.final.send(frame, final)
  }

  return {
    send(frame) {
      if (frame.type !== 'hello') return send(frame)
      hello = frame
      if (ground.memory.user !== frame.user) ground.memory = newMemory(frame.user)
      sides = sidesOf(ground.memory)
      fast.greet()
      final.greet()
    },
    close: () => end({ band: 'retry', code: 'closed' }),
  }

  function sidesOf(memory: Memory) {
    const waiting = waitingIn(memory, withdrawMs, clock, tell)
    const fast = fastLog({ memory, waiting, withdrawMs, now: clock.now, tell })
    const final: Final = finalLog({ memory, waiting, tell, opening: fast.opening })
    return { waiting, fast, final }
  }
}

/** What a session goes by for as long as its link lives. */
function termsOf({ limits, features }: Welcome): string {
  return JSON.stringify([limits, features])
}
