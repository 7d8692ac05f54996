/**
 * One of the two paths of a link, kept open while the link lives.
 *
 *   opening ──welcome──▶ up ──ended, silent──▶ resting ──time──▶ opening
 *      ├──ended, late───────────────────────────▲
 *      └──refused for good──▶ off ◀──close── any
 */
import type { Clock } from '../../ports/clock.js'
import type { Link, LinkClosed, LinkFrame, Transport } from '../../ports/transport.js'
import { bandOfName } from '../../protocol/codes.js'
import type { ClientFrame, Welcome } from '../../protocol/frames.js'

export type Hello = Extract<ClientFrame, { type: 'hello' }>

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
  greeting(): Hello | undefined
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
  name(): string
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
const longestHintMs = 3_600_000

export function trackOf(transport: Transport): Track {
  return { transport, name: transport.name, tries: 0, restUntilMs: 0 }
}

export function keepPath(track: Track, clock: Clock, to: PathEvents): Path {
  let phase: 'opening' | 'up' | 'resting' | 'off' = 'resting'
  let link: Link | undefined
  let isOpen = false
  let user: string | undefined
  let upMs = 0
  let isPingOut = false
  let cancel = () => {}

  function at(atMs: number, run: () => void) {
    cancel()
    cancel = clock.timer(atMs, run)
  }

  function open() {
    phase = 'opening'
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
    const hello = isOpen && user === undefined && to.greeting()
    if (!hello) return
    user = hello.user
    link?.send(hello)
  }

  function hear(frame: LinkFrame) {
    if (frame.type === 'via') {
      track.name = frame.via
      to.renamed()
    } else if (frame.type === 'refused') lost({ band: bandOfName(frame.code), code: frame.code, retryAfterMs: frame.retryAfterMs })
    else if (phase === 'opening') return frame.type === 'welcome' && welcomed(frame)
    else if (frame.type === 'drain') lost({ band: 'retry-after', code: 'drain', retryAfterMs: frame.retryAfterMs })
    else {
      if (isPingOut) cancel()
      isPingOut = false
      to.frame(frame)
    }
  }

  function welcomed(welcome: Welcome) {
    if (welcome.user !== user) return lost({ band: 'terminal', code: 'wrong-user' })
    cancel()
    phase = 'up'
    upMs = clock.now()
    to.up(welcome)
  }

  function lost(why: LinkClosed) {
    const wasUp = phase === 'up'
    drop(why.band === 'terminal' ? 'off' : 'resting')
    const wasGood = wasUp && clock.now() - upMs >= goodLinkMs
    track.tries = wasGood ? 0 : track.tries + 1
    const cap = Math.min(longestRestMs, firstRestMs * 2 ** Math.min(track.tries, 10))
    track.restUntilMs = clock.now() + Math.min(why.retryAfterMs ?? 0, longestHintMs) + clock.roll() * cap
    if (phase === 'resting') at(track.restUntilMs, open)
    to.down(why, wasUp)
  }

  function drop(next: 'resting' | 'off') {
    const present = link
    phase = next
    link = undefined
    isOpen = false
    user = undefined
    isPingOut = false
    cancel()
    present?.close()
  }

  if (track.restUntilMs > clock.now()) at(track.restUntilMs, open)
  else open()
  return {
    isUp: () => phase === 'up',
    isAlive: () => phase === 'up' || phase === 'opening',
    name: () => track.name,
    greet,
    send(frame) {
      if (phase !== 'up') return
      link?.send(frame)
      if (frame.type !== 'ping' || isPingOut) return
      isPingOut = true
      at(clock.now() + pongMs, () => lost({ band: 'retry', code: 'silent' }))
    },
    close: () => drop('off'),
  }
}
