/**
 * One of the two paths of a link, kept open while the link lives.
 *
 *   opening ──welcome──▶ up ──ended, silent──▶ resting ──time──▶ opening
 *      ├──ended, late───────────────────────────▲
 *      └──refused for good──▶ off ◀──close── any
 */
import type { Clock } from '../../ports/clock.js'
import type { Link, LinkClosed, LinkFrame, Transport } from '../../ports/transport.js'
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

const connectMs = 15_000
/** After a ping any frame must come within this. */
const pongMs = 10_000
/** A link that lived this long was good. */
const goodLinkMs = 5_000
const firstRestMs = 500
const longestRestMs = 30_000

export function keepPath(track: Track, clock: Clock, to: PathEvents): Path {
  let link: Link | undefined
  let isOpen = false
  let isUp = false
  let isPingOut = false
  let upMs = 0
  let cancel = () => {}

  function at(atMs: number, run: () => void) {
    cancel()
    cancel = clock.timer(atMs, run)
  }

  function open() {
    const present: Link = track.transport.open({
      opened() {
        if (present !== link) return
        isOpen = true
        to.opened()
        greet()
      },
      frame: (frame) => present === link && hear(frame),
      closed: (why) => present === link && lost(why),
    })
    link = present
    at(clock.now() + connectMs, () => lost({ band: 'retry', code: 'connect-timeout' }))
  }

  function greet() {
    const greeting = isOpen && to.greeting()
    if (!greeting) return
    isOpen = false
    link?.send(greeting)
  }

  function hear(frame: LinkFrame) {
    if (frame.type === 'via') {
      track.name = frame.via
      to.renamed()
    } else if (isUp) {
      if (isPingOut) cancel()
      isPingOut = false
      if (frame.type === 'drain') lost({ band: 'retry-after', code: 'drain', retryAfterMs: frame.retryAfterMs })
      else to.frame(frame)
    } else if (frame.type === 'welcome') {
      cancel()
      isUp = true
      upMs = clock.now()
      to.up(frame)
    }
  }

  function lost(why: LinkClosed) {
    const wasUp = isUp
    drop()
    const nowMs = clock.now()
    track.tries = wasUp && nowMs - upMs >= goodLinkMs ? 0 : track.tries + 1
    track.restUntilMs = nowMs + (why.retryAfterMs ?? 0) + clock.roll() * Math.min(longestRestMs, firstRestMs * 2 ** track.tries)
    if (why.band !== 'terminal') at(track.restUntilMs, open)
    to.down(why, wasUp)
  }

  function drop() {
    const present = link
    link = undefined
    isOpen = isUp = isPingOut = false
    cancel()
    present?.close()
  }

  if (track.restUntilMs > clock.now()) at(track.restUntilMs, open)
  else open()
  return {
    isUp: () => isUp,
    isAlive: () => link !== undefined,
    greet,
    send(frame) {
      if (!isUp) return
      link?.send(frame)
      if (frame.type !== 'ping' || isPingOut) return
      isPingOut = true
      at(clock.now() + pongMs, () => lost({ band: 'retry', code: 'silent' }))
    },
    close: drop,
  }
}
