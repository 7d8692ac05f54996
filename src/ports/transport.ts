import type { CloseBand } from '../protocol/codes.js'
import type { ClientFrame, ServerFrame } from '../protocol/frames.js'

/** Carries frames over one physical connection at a time. Construction does no I/O. */
export interface Transport {
  readonly name: string
  /** Opens one link. Never throws: what goes wrong arrives at `to.closed`, once. */
  open(to: LinkEvents): Link
}

/** What a link tells its owner: `opened` at most once, then frames, then `closed` exactly once. */
export interface LinkEvents {
  /** `via`: the way taken, by a transport that has several. Default its own name. */
  opened(via?: string): void
  frame(frame: ServerFrame): void
  closed(why: LinkClosed): void
}

/**
 * One physical connection, first in first out per direction while it lives.
 * `send` never throws and never retries; before `opened` it drops; what it has taken dies with it.
 * After `close()` nothing but `closed` arrives.
 */
export interface Link {
  send(frame: ClientFrame): void
  close(): void
}

/** Why a link ended, and what the band asks the session to do next. */
export interface LinkClosed {
  readonly band: CloseBand
  /** A `CloseCode` of the protocol, or a transport's own word such as `network`. */
  readonly code: string
  readonly retryAfterMs?: number
  /** A sentence for logs: what could not be done, why, what to do. */
  readonly reason?: string
}
