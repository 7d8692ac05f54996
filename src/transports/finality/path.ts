/**
 * One of the two paths of a link, kept open while the link lives.
 *
 *   opening ──welcome──▶ up ──ended, silent──▶ resting ──time──▶ opening
 *      ├──ended, late───────────────────────────▲
 *      └──refused for good──▶ off ◀──close── any
 *
 * Of a final path that is off the link ends.
 */
import { waitMs } from '../../ports/backoff.js'
import type { Clock } from '../../ports/clock.js'
import type { Link, LinkClosed, LinkFrame, Transport } from '../../ports/transport.js'
import { bandOfName } from '../../protocol/codes.js'
import type { ClientFrame, Welcome } from '../../protocol/frames.js'

/** What the paths of one transport remember from link to link. */
export interface Track {
  /** Without one the path stays off. */
  readonly transport: Transport | undefined
  /** The way that the transport itself has taken. */
  name: string | undefined
  /** Links in a row that were not good. */
  attempt: number
  dueMs: number
}

export interface PathEvents {
  opened(): void
  /** The greeting of one more link; none yet where the session has not greeted. */
  greeting(): ClientFrame | undefined
  up(welcome: Welcome): void
  /** After the welcome. */
  frame(frame: LinkFrame): void
  down(why: LinkClosed, wasUp: boolean): void
  changed(): void
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
/** Who was silent has been waited for already, and rests half as long. */
const silent: LinkClosed = { band: 'retry', code: 'silent' }

/** Of a link that was left nothing but `closed` still comes. */
export function keepPath(track: Track, clock: Clock, to: PathEvents): Path {
  let link: Link | undefined
  let isOpen = false
  let isUp = false
  let upMs = 0
  let stopResting: (() => void) | undefined
  let calm: (() => void) | undefined

  /** Begins to run out where a word is waited for, or ends that. */
  function worry(isWaiting?: true) {
    if (isWaiting) calm ??= clock.timer(clock.now() + patienceMs, () => closed(silent))
    else calm = void calm?.()
  }

  function open() {
    const own = track.transport?.open({ opened, frame, closed: (why) => own === link && closed(why) })
    link = own
    if (own) worry(true)
  }
  function opened() {
    isOpen = true
    to.opened()
    greet()
  }
  function greet() {
    const greeting = isOpen && to.greeting()
    isOpen &&= !greeting
    if (greeting) link?.send(greeting)
  }

  function frame(frame: LinkFrame) {
    if (frame.type === 'via') {
      track.name = frame.via
      to.changed()
    } else if (isUp) {
      worry()
      if (frame.type === 'drain') closed({ ...frame, band: 'retry-after', code: frame.type })
      else to.frame(frame)
    } else if (frame.type === 'refused') closed({ ...frame, band: bandOfName(frame.code) })
    else if (frame.type === 'welcome') {
      worry()
      isUp = true
      upMs = clock.now()
      to.changed()
      to.up(frame)
    }
  }
  function closed(why: LinkClosed) {
    const wasUp = isUp
    drop()
    track.attempt = wasUp && clock.now() >= upMs + goodLinkMs ? 0 : track.attempt + 1
    track.dueMs = clock.now() + waitMs(track.attempt, clock.roll(), why.retryAfterMs) / (why === silent ? 2 : 1)
    if (why.band !== 'terminal') stopResting = clock.timer(track.dueMs, open)
    to.down(why, wasUp)
  }
  function drop() {
    worry()
    stopResting?.()
    link = void link?.close()
    isUp = isOpen = false
  }

  function send(frame: ClientFrame) {
    if (isUp) link?.send(frame)
    if (isUp && frame.type === 'ping') worry(true)
  }
  if (track.dueMs > clock.now()) stopResting = clock.timer(track.dueMs, open)
  else open()
  return { isUp: () => isUp, isAlive: () => !!link, greet, send, close: drop }
}
