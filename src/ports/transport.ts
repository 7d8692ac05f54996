import type { CloseBand } from '../protocol/codes.js'
import type { ClientFrame, ServerFrame } from '../protocol/frames.js'

/** Carries frames over one physical connection at a time. Construction does no I/O. */
export interface Transport {
  readonly name: string
  /** Opens one link. Never throws: what goes wrong arrives at `to.closed`, once. */
  open(to: LinkEvents): Link
}

interface Watched<T> {
  readonly get: () => T
  readonly subscribe: (run: (value: T) => void) => () => void
}

/** A client, as far as others are shown what waits in it. */
export interface Waiting {
  readonly user: string
  readonly session: Watched<{ readonly phase: string }>
  readonly outbox: Watched<
    readonly { readonly localId: string; readonly conversation: string; readonly content: unknown; readonly status: string }[]
  >
  conversation(id: string): {
    readonly timeline: Watched<{
      readonly atLatest: boolean
      readonly messages: readonly { readonly localId?: string; readonly finality: string }[]
    }>
  }
}

/** What a link tells its owner: `opened` at most once, then frames, then `closed` exactly once. */
export interface LinkEvents {
  /** The client whose link it is: what joins tabs tells the others what waits in it. A transport that hands on events of its own may leave it out. */
  readonly owner?: Waiting | undefined
  opened(): void
  frame(frame: LinkFrame): void
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
  /** A `CloseCode` of the protocol, or a transport's own word such as `network`. After `moved` the session opens the next link without a wait. */
  readonly code: string
  readonly retryAfterMs?: number
  /** A sentence for logs: what could not be done, why, what to do. */
  readonly reason?: string
}

/** What a link hands over: the server's frames, and what a combinator of transports has to say besides. */
export type LinkFrame = ServerFrame | CombinatorFrame

/** Made on the device, never on a wire. */
export type CombinatorFrame =
  /** The way the traffic takes from now on. Before the first: the transport's own name. */
  | { readonly type: 'via'; readonly via: string }
  /** A message that the log does not hold yet: shown until the change with this author and `localId`, or until withdrawn (R18). */
  | {
      readonly type: 'provisional'
      readonly conversation: string
      readonly author: string
      readonly localId: string
      readonly content: unknown
      /** Milliseconds since 1970; shown, never an order. */
      readonly at: number
    }
  /** No change will carry this message. */
  | { readonly type: 'withdrawn'; readonly conversation: string; readonly author: string; readonly localId: string }
