/**
 * The session: the logical connection that outlives links.
 *
 *   idle ──connect──▶ connecting ──welcome──▶ online
 *                      ▲      │ closed, late     │ closed, silent
 *                 time,│      ▼                  ▼
 *                signal└── waiting ◀─────────────┘
 *
 *   any ──terminal band, token refused thrice──▶ refused ──connect──▶ connecting
 *   any ──close──▶ closed (for good)
 *
 * Waits double from 0.5 s to 30 s with full jitter; a server's hint is kept and jittered on top. A link number
 * rises with every link, and events of any other link are dropped.
 */
import type { LinkClosed } from '../ports/transport.js'
import { bandOfName } from '../protocol/codes.js'
import { protocolVersion, type Head, type ServerFrame, type ServerLimits, type Welcome } from '../protocol/frames.js'
import { limits } from '../protocol/limits.js'
import type { Signal } from './event.js'
import type { SessionState, Tries } from './session-state.js'
import { bounds, never, timing } from './timing.js'
import { report, type Turn } from './turn.js'

type Waiting = Extract<SessionState, { phase: 'waiting' }>
type Online = Extract<SessionState, { phase: 'online' }>

export function linkOf(session: SessionState): number {
  return session.phase === 'connecting' || session.phase === 'online' ? session.link : 0
}

/** The application asks for a link. */
export function connect(turn: Turn): void {
  const { session } = turn.state
  if (session.phase === 'idle') openLink(turn, 1, { attempt: 0, refreshes: 0 })
  if (session.phase === 'refused') openLink(turn, session.link + 1, { attempt: 0, refreshes: 0 })
  if (session.phase === 'waiting') hurry(turn, session, session.attempt)
}

function openLink(turn: Turn, link: number, tries: Tries): void {
  turn.state.session = { phase: 'connecting', link, deadlineMs: turn.env.nowMs + timing.connectMs, ...pickTries(tries) }
  turn.effects.push({ kind: 'open', link })
}

const pickTries = ({ attempt, refreshes }: Tries): Tries => ({ attempt, refreshes })

/** The link stands: say who we are, and nothing else before `welcome` (R26). */
export function greet(turn: Turn): void {
  const { session, config } = turn.state
  if (session.phase !== 'connecting') return
  const { user, device, lane } = config
  turn.effects.push({
    kind: 'transmit',
    link: session.link,
    frames: [{ type: 'hello', version: protocolVersion, user, device, lane, link: session.link }],
  })
}

/** True when this frame began the online phase. */
export function welcomed(turn: Turn, frame: Welcome): boolean {
  const { session } = turn.state
  if (session.phase !== 'connecting') return false
  if (frame.user !== turn.state.config.user) {
    refuse(turn, 'wrong-user', session.link)
    return false
  }
  const heartbeatMs = Math.min(Math.max(frame.heartbeatMs, 1_000), 300_000)
  turn.state.session = {
    phase: 'online',
    link: session.link,
    sinceMs: turn.env.nowMs,
    limits: lowered(frame.limits),
    features: frame.features,
    heartbeatMs,
    pingAtMs: turn.env.nowMs + heartbeatMs,
    pongByMs: never,
    skewMs: frame.time - turn.env.wallMs,
    attempt: session.attempt,
    refreshes: 0,
  }
  return true
}

/** A server may lower a limit, never raise it. */
function lowered(theirs: ServerLimits): ServerLimits {
  const clamp = (value: number, most: number) => Math.max(1, Math.min(value, most))
  return {
    followed: clamp(theirs.followed, limits.followed),
    window: clamp(theirs.window, limits.window),
    contentBytes: clamp(theirs.contentBytes, limits.contentBytes),
    pageRows: clamp(theirs.pageRows, limits.pageRows),
  }
}

/** Any frame proves that the link lives. */
export function heardFrom(turn: Turn): void {
  const { session } = turn.state
  if (session.phase === 'online' && session.pongByMs !== never) turn.state.session = { ...session, pongByMs: never }
}

/** Frames that speak of the link itself; returns the heads they name. */
export function sessionFrame(turn: Turn, frame: ServerFrame): readonly Head[] {
  const { session } = turn.state
  if (frame.type === 'refused' && session.phase === 'connecting') {
    leave(turn, { band: bandOfName(frame.code), code: frame.code, retryAfterMs: frame.retryAfterMs }, true)
  } else if (frame.type === 'drain' && session.phase === 'online') {
    leave(turn, { band: 'retry-after', code: 'drain', retryAfterMs: frame.retryAfterMs }, true)
  } else if (frame.type === 'pong' || frame.type === 'head') {
    return frame.heads
  }
  return []
}

/** The link ended, by itself or by us. */
export function leave(turn: Turn, why: LinkClosed, closeIt: boolean): void {
  const { session } = turn.state
  if (session.phase !== 'connecting' && session.phase !== 'online') return
  if (closeIt) turn.effects.push({ kind: 'close', link: session.link })
  if (why.reason) report(turn, { kind: 'warning', text: why.reason, fields: { code: why.code } })
  const refreshes = why.band === 'refresh' ? session.refreshes + 1 : session.refreshes
  if (why.band === 'terminal' || refreshes >= bounds.tokenTries) return refuse(turn, why.code, session.link)
  const wasGood = session.phase === 'online' && turn.env.nowMs - session.sinceMs >= timing.goodLinkMs
  const attempt = wasGood ? 0 : session.attempt
  turn.state.session = {
    phase: 'waiting',
    link: session.link,
    untilMs: turn.env.nowMs + waitMs(attempt, turn.env.roll, why.retryAfterMs),
    sinceMs: turn.env.nowMs,
    why: why.code,
    hintMs: turn.env.nowMs + Math.min(why.retryAfterMs ?? 0, longestHintMs),
    attempt: attempt + 1,
    refreshes,
  }
  report(turn, { kind: 'reconnecting', attempt: attempt + 1, why: why.code })
}

const longestHintMs = 3_600_000

/** Full jitter over a doubling cap; a hint is a floor. Default first cap 0.5 s, last 30 s. */
export function waitMs(attempt: number, roll: number, hintMs = 0): number {
  const cap = Math.min(timing.backoffCapMs, timing.backoffFirstMs * 2 ** Math.min(attempt, 10))
  return Math.max(0, Math.min(hintMs, longestHintMs)) + roll * cap
}

function refuse(turn: Turn, code: string, link: number): void {
  if (linkOf(turn.state.session) !== 0) turn.effects.push({ kind: 'close', link })
  turn.state.session = { phase: 'refused', link, code }
  report(turn, { kind: 'warning', text: 'No link will be opened until connect() is called again: it was refused.', fields: { code } })
}

export function close(turn: Turn): void {
  const link = linkOf(turn.state.session)
  if (link) turn.effects.push({ kind: 'close', link })
  turn.state.session = { phase: 'closed' }
}

/** Somebody may be looking again, or the network is back: prove the link, or stop waiting. */
export function sessionSignal(turn: Turn, signal: Signal): void {
  const { session } = turn.state
  if (signal === 'hidden') return
  if (session.phase === 'waiting' && signal !== 'offline') hurry(turn, session, signal === 'online' ? 0 : session.attempt)
  if (session.phase === 'online') ping(turn, session, timing.probeMs)
}

/** Now, but never before the server's own hint: coming back to a tab is no reason to press it. */
function hurry(turn: Turn, session: Waiting, attempt: number): void {
  const { nowMs } = turn.env
  if (nowMs >= session.hintMs) openLink(turn, session.link + 1, { attempt, refreshes: session.refreshes })
  else turn.state.session = { ...session, untilMs: Math.min(session.untilMs, session.hintMs) }
}

function ping(turn: Turn, session: Online, withinMs: number): void {
  const { nowMs } = turn.env
  const pongByMs = Math.min(session.pongByMs, nowMs + withinMs)
  turn.state.session = { ...session, pingAtMs: nowMs + session.heartbeatMs, pongByMs }
  turn.frames.push({ type: 'ping', n: turn.state.counter })
}

/** What is due by the clock. */
export function sessionTick(turn: Turn): void {
  const { session } = turn.state
  const { nowMs } = turn.env
  if (session.phase === 'connecting' && nowMs >= session.deadlineMs) leave(turn, { band: 'retry', code: 'connect-timeout' }, true)
  if (session.phase === 'waiting' && nowMs >= session.untilMs) openLink(turn, session.link + 1, session)
  if (session.phase !== 'online') return
  if (nowMs >= session.pongByMs) leave(turn, { band: 'retry', code: 'silent' }, true)
  else if (nowMs >= session.pingAtMs) ping(turn, session, timing.pongMs)
}

export function sessionWakeAt(session: SessionState): number {
  if (session.phase === 'connecting') return session.deadlineMs
  if (session.phase === 'waiting') return session.untilMs
  if (session.phase === 'online') return Math.min(session.pingAtMs, session.pongByMs)
  return never
}
