/**
 * One of the two paths of a link, kept open while the link lives.
 *
 *   opening ──welcome──▶ up ──ended, silent──▶ resting ──time──▶ opening
 *      ├──ended, late───────────────────────────▲
 *      └──refused for good──▶ off ◀──close── any
 */
import type { Clock } from '../../ports/clock.js'
import type { Link, LinkClosed, LinkEvents, LinkFrame, Transport } from '../../ports/transport.js'
import type { ClientFrame, Welcome } from '../../protocol/frames.js'

/** What the paths of one transport remember from link to link. */
export interface Track {
  readonly transport: Transport
  /** The way that the transport itself has taken. */
  name: string
  /** Links in a row that were not good. */
  tries: number
  restUntilMs: number
}

export interface PathEvents {
  opened(): void
  /** The greeting of one more link; none yet where the session has not greeted. */
  greeting(): ClientFrame | undefined
  up(welcome: Welcome): void
  /** After the welcome. */
  frame(frame: LinkFrame): void
  down(why: LinkClosed, wasUp: boolean): void
  renamed(): void
}

export interface Path {
  isUp(): boolean
  /** Up, or it may soon be. */
  isAlive(): boolean
  /** The session has greeted. */
  greet(): void
  /** Drops what comes while it is not up. */
  send(frame: ClientFrame): void
  close(): void
}

/** A welcome must come within this, and after a ping any frame. */
const patienceMs = 15_000
/** A link that lived this long was good. */
const goodLinkMs = 5_000
const firstRestMs = 500
const longestRestMs = 30_000

export function keepPath(track: Track, clock: Clock, to: PathEvents): Path {
  let link: Link | undefined
  let isOpen = false
  let isUp = false
  let upMs = 0
  let cancel = () => {}

  function open() {
    link = dial(track.transport, clock, { opened, frame, closed })
  }

  function opened() {
    isOpen = true
    to.opened()
    greet()
  }

  function greet() {
    const greeting = isOpen && to.greeting()
    if (!greeting) return
    isOpen = false
    link?.send(greeting)
  }

  function frame(frame: LinkFrame) {
    if (frame.type === 'via') {
      track.name = frame.via
      to.renamed()
    } else if (isUp) {
      if (frame.type === 'drain') closed({ band: 'retry-after', code: 'drain', retryAfterMs: frame.retryAfterMs })
      else to.frame(frame)
    } else if (frame.type === 'welcome') {
      isUp = true
      upMs = clock.now()
      to.up(frame)
    }
  }

  function closed(why: LinkClosed) {
    const wasUp = isUp
    drop()
    const nowMs = clock.now()
    track.tries = wasUp && nowMs - upMs >= goodLinkMs ? 0 : track.tries + 1
    track.restUntilMs = nowMs + (why.retryAfterMs ?? 0) + clock.roll() * Math.min(longestRestMs, firstRestMs * 2 ** track.tries)
    if (why.band !== 'terminal') cancel = clock.timer(track.restUntilMs, open)
    to.down(why, wasUp)
  }

  function drop() {
    cancel()
    link?.close()
    link = undefined
    isOpen = isUp = false
  }

  if (track.restUntilMs > clock.now()) cancel = clock.timer(track.restUntilMs, open)
  else open()
  return { isUp: () => isUp, isAlive: () => !!link, greet, send: (frame) => isUp && link?.send(frame), close: drop }
}

/** A link that ends when it is not welcomed in time, or silent after a ping. It tells nothing more once it is closed. */
function dial(transport: Transport, clock: Clock, to: LinkEvents): Link {
  let isOver = false
  let isPingOut = false
  const worry = () => clock.timer(clock.now() + patienceMs, () => end({ band: 'retry', code: 'silent' }))
  let calm = worry()

  function end(why: LinkClosed) {
    if (isOver) return
    close()
    to.closed(why)
  }

  function close() {
    isOver = true
    calm()
    link.close()
  }

  const link = transport.open({
    opened: () => isOver || to.opened(),
    frame(frame) {
      if (isOver) return
      if (isPingOut || frame.type === 'welcome') calm()
      isPingOut = false
      to.frame(frame)
    },
    closed: end,
  })
  return {
    send(frame) {
      link.send(frame)
      if (frame.type !== 'ping' || isPingOut) return
      isPingOut = true
      calm = worry()
    },
    close,
  }
}
