/**
 * The session: the logical connection that outlives links.
 *
 *   idle ──connect──▶ connecting ──welcome──▶ online
 *                      ▲      │ closed, late     │ closed, silent
 *         time, signal,│      ▼                  ▼
 *              `moved` └── waiting ◀─────────────┘
 *
 *   any ──terminal band, token refused thrice──▶ refused ──connect──▶ connecting
 *   any ──close──▶ closed (for good)
 *
 * Waits double from 0.5 s to 30 s with full jitter; a server's hint is kept and jittered on top. A link number
 * rises with every link, and events of any other link are dropped.
 */
import { waitMs } from '../ports/backoff.js'
import type { LinkClosed, LinkFrame } from '../ports/transport.js'
import { bandOfName } from '../protocol/codes.js'
import { type Head, protocolVersion, type ServerLimits, type Welcome } from '../protocol/frames.js'
import * as limits from '../protocol/limits.js'
import type { Signal } from './event.js'
import type { SessionState } from './session-state.js'
import * as bounds from './bounds.js'
import * as timing from './timing.js'
import { never } from './timing.js'
import { report, type Turn, warn } from './turn.js'

type Arm<Phase> = Extract<SessionState, { phase: Phase }>

/** The application asks for a link. */
export function connect(turn: Turn): void {
  const { session } = turn
  if (session.phase === 'idle' || session.phase === 'refused') openNext(turn, session.link)
  if (session.phase === 'waiting') hurry(turn, session)
}

function openNext(turn: Turn, before: number, attempt = 0, refreshes = 0): void {
  const link = before + 1
  turn.session = { phase: 'connecting', link, via: '', dueMs: turn.nowMs + timing.connectMs, attempt, refreshes }
  turn.effects.push({ kind: 'open', link })
}

/** The link stands: say who we are, and nothing else before `welcome` (R26). */
export function greet(turn: Turn): void {
  const { session } = turn
  if (session.phase !== 'connecting') return
  const { user, lane } = turn.config
  const hello = { type: 'hello', version: protocolVersion, user, device: lane, lane, link: session.link } as const
  turn.effects.push({ kind: 'transmit', frames: [hello] })
}

/** True when this frame began the online phase. */
export function welcomed(turn: Turn, { user, features, time, limits: theirs, heartbeatMs: beat }: Welcome): boolean {
  const { session, nowMs } = turn
  if (session.phase !== 'connecting') return false
  const { link, attempt, via } = session
  if (user !== turn.config.user) {
    leave(turn, { band: 'terminal', code: 'wrong-user' })
    return false
  }
  const heartbeatMs = Math.min(Math.max(beat, 1_000), 300_000)
  turn.session = {
    phase: 'online',
    link,
    via,
    sinceMs: nowMs,
    limits: lowered(theirs),
    features,
    heartbeatMs,
    dueMs: nowMs + heartbeatMs,
    isPingOut: false,
    skewMs: time - turn.wallMs,
    attempt,
    refreshes: 0,
  }
  if (via) report(turn, { kind: 'via', via })
  return true
}

/** A server may lower a limit, never raise it. */
function lowered(theirs: ServerLimits): ServerLimits {
  const lower = (their: number, own: number) => Math.max(1, Math.min(their, own))
  return {
    followed: lower(theirs.followed, limits.followed),
    window: lower(theirs.window, limits.window),
    contentBytes: lower(theirs.contentBytes, limits.contentBytes),
    pageRows: lower(theirs.pageRows, limits.pageRows),
  }
}

/** Any frame of the server proves that the link lives. */
export function heardFrom(turn: Turn): void {
  const { session, nowMs } = turn
  if (session.phase === 'online' && session.isPingOut) turn.session = { ...session, isPingOut: false, dueMs: nowMs + session.heartbeatMs }
}

/** Frames that speak of the link itself; returns the heads they name. */
export function sessionFrame(turn: Turn, frame: LinkFrame): readonly Head[] {
  const { session } = turn
  const { phase } = session
  if (frame.type === 'refused' && phase === 'connecting') {
    leave(turn, { band: bandOfName(frame.code), code: frame.code, retryAfterMs: frame.retryAfterMs })
  } else if (frame.type === 'drain' && phase === 'online') {
    leave(turn, { band: 'retry-after', code: 'drain', retryAfterMs: frame.retryAfterMs })
  }
  if (frame.type === 'via' && 'via' in session) {
    turn.session = { ...session, via: frame.via }
    if (session.phase === 'online') report(turn, { kind: 'via', via: frame.via })
  }
  return frame.type === 'pong' || frame.type === 'head' ? frame.heads : []
}

/** The link ended, by itself or by us: it is let go either way. */
export function leave(turn: Turn, { band, code, reason, retryAfterMs }: LinkClosed): void {
  const { session, nowMs } = turn
  if (!('via' in session)) return
  const { link } = session
  turn.effects.push({ kind: 'close' })
  if (reason) warn(turn, reason, { code })
  const refreshes = session.refreshes + (band === 'refresh' ? 1 : 0)
  if (band === 'terminal' || refreshes >= bounds.tokenTries) {
    turn.session = { phase: 'refused', link, code }
    return warn(turn, 'The link was refused; connect() tries again.', { code })
  }
  // A server that refuses a token is there. Who was online was refused none.
  const wasGood = session.phase === 'online' ? nowMs - session.sinceMs >= timing.goodLinkMs : band === 'refresh'
  const tried = wasGood ? session.refreshes : session.attempt
  const attempt = tried + 1
  turn.session = {
    phase: 'waiting',
    link,
    // Who says when to come back has thought of the growing wait; where the deadline is over, half the longest has been waited.
    dueMs: nowMs + waitMs(retryAfterMs !== undefined ? 0 : Math.min(tried, nowMs < session.dueMs ? 6 : 5), turn.roll, retryAfterMs),
    sinceMs: nowMs,
    why: code,
    hintMs: nowMs + waitMs(0, 0, retryAfterMs),
    attempt,
    refreshes,
  }
  report(turn, { kind: 'reconnecting', attempt, why: code })
  // Timers of a hidden page run once a second: even the shortest wait would last as long.
  if (code === 'moved') openNext(turn, link, attempt, refreshes)
}

export function close(turn: Turn): void {
  turn.effects.push({ kind: 'close' })
  turn.session = { phase: 'closed' }
}

/** Somebody may be looking again, or the network is back: prove the link, or stop waiting. */
export function sessionSignal(turn: Turn, signal: Signal): void {
  if (signal === 'hidden') return
  // Whoever is signed in now: the server is asked again who this is, and until then hears nothing (L10).
  if (signal === 'other-user') return leave(turn, { band: 'retry', code: signal })
  // Begun without a network, it would hang until its deadline.
  if (turn.session.phase === 'connecting' && signal === 'online') leave(turn, { band: 'retry', code: 'network' })
  const { session } = turn
  if (session.phase === 'waiting' && signal !== 'offline') hurry(turn, session, signal === 'online' ? 0 : undefined)
  if (session.phase === 'online') ping(turn, session, timing.probeMs)
}

/** Now, but never before the server's own hint: coming back to a tab is no reason to press it. */
function hurry(turn: Turn, session: Arm<'waiting'>, attempt = session.attempt): void {
  if (turn.nowMs >= session.hintMs) openNext(turn, session.link, attempt, session.refreshes)
  else turn.session = { ...session, dueMs: Math.min(session.dueMs, session.hintMs) }
}

function ping(turn: Turn, session: Arm<'online'>, withinMs: number): void {
  const byMs = turn.nowMs + withinMs
  turn.session = { ...session, isPingOut: true, dueMs: session.isPingOut ? Math.min(session.dueMs, byMs) : byMs }
  turn.frames.push({ type: 'ping', n: turn.counter })
}

/** What is due by the clock. */
export function sessionTick(turn: Turn): void {
  const { session } = turn
  if (turn.nowMs < sessionWakeAt(session)) return
  if (session.phase === 'waiting') hurry(turn, session)
  else if (session.phase === 'online' && !session.isPingOut) ping(turn, session, timing.pongMs)
  else leave(turn, { band: 'retry', code: session.phase === 'online' ? 'silent' : 'connect-timeout' })
}

export function sessionWakeAt(session: SessionState): number {
  return 'dueMs' in session ? session.dueMs : never
}
