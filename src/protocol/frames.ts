/**
 * The frames of protocol version 1, written by hand so that no schema library reaches a user's types;
 * a type test holds them equal to the schemas. `docs/protocol.md` gives their meaning.
 */
import type { ErrorCode } from './codes.js'

export const protocolVersion = 1

/** A place in one conversation's log (R3). `tag` is the random id of the change at `seq`; both are '' and 0 before the first. */
export interface Position {
  readonly epoch: string
  readonly seq: number
  readonly tag: string
}

/** Opaque to chatloom: a name, a picture, whatever the application shows. */
export type Profile = { readonly [key: string]: unknown }

/** A message in its present state (R2, R4). */
export interface MessageRow {
  readonly id: string
  /** The `seq` of the change that created it: its place. */
  readonly seq: number
  /** Dense over the messages of the conversation, from 0. */
  readonly index: number
  /** The `seq` of its last change. */
  readonly rev: number
  /** Server milliseconds since 1970; shown, never an order. */
  readonly at: number
  readonly author: string
  readonly localId?: string
  /** Absent in a tombstone. */
  readonly content?: unknown
  readonly deleted?: true
}

/** What happened at one `seq`. Kinds not known here arrive as `unknown` and keep their `seq` (R10). */
export type Change =
  | { readonly kind: 'message'; readonly message: MessageRow }
  | { readonly kind: 'member'; readonly user: string; readonly joined: boolean }
  | { readonly kind: 'profile'; readonly profile: Profile }
  | { readonly kind: 'unknown'; readonly raw: unknown }

export interface Member {
  readonly user: string
  /** The `seq` at which this member joined. */
  readonly joined: number
}

/** From where on a user has a conversation as unread again (R21). */
export interface Marked {
  /** The lowest place that counts as unread again; 0: none. */
  readonly at: number
  /** Rises with every set; the higher one wins. */
  readonly rev: number
}

/** One member's watermarks (R21). */
export interface Mark {
  readonly user: string
  readonly delivered: number
  readonly read: number
  /** Told to this user's own links alone; absent where it was never set. */
  readonly marked?: Marked
}

export interface Person {
  readonly user: string
  readonly profile: Profile
}

/** Places the reader may not see, both ends included; `messages` of them are hidden (R7). */
export interface HiddenRange {
  readonly from: number
  readonly to: number
  readonly messages: number
}

/** One of the asker's own changes in a catch-up's range (R5). */
export interface OwnChange {
  readonly localId: string
  readonly seq: number
}

export interface Unread {
  /** Exact up to 100. */
  readonly count: number
  /** There are more than `count`. */
  readonly more: boolean
}

/** What one conversation shows in the list (R24). */
export interface InboxRow {
  readonly conversation: string
  readonly epoch: string
  /** Rises with every change of this row. */
  readonly rev: number
  readonly head: number
  readonly last?: MessageRow
  readonly unread: Unread
  /** The reader's own read watermark. */
  readonly read: number
  readonly profile: Profile
  readonly people: readonly Person[]
}

export interface Head {
  readonly conversation: string
  readonly epoch: string
  readonly seq: number
}

/**
 * A durable change asked for. `void` takes back a local id: without effect, or answered by the first answer (R13).
 * `unknown` is how a server reads a kind it does not know; it rejects it `unsupported`, final. No client sends it.
 */
export type Operation =
  | { readonly kind: 'send'; readonly content: unknown }
  | { readonly kind: 'void' }
  | { readonly kind: 'unknown'; readonly raw: unknown }

export type HistoryAnchor = { readonly before: number } | { readonly after: number } | { readonly around: number }

export type ClientFrame =
  | {
      readonly type: 'hello'
      readonly version: number
      readonly user: string
      readonly device: string
      readonly lane: string
      /** Rises with every link of a lane; a higher one closes the older (R26). */
      readonly link: number
      readonly token?: string
    }
  | {
      readonly type: 'open'
      readonly request: number
      readonly conversation: string
      readonly position?: Position
    }
  | { readonly type: 'unfollow'; readonly conversation: string }
  | {
      readonly type: 'history'
      readonly request: number
      readonly conversation: string
      readonly epoch: string
      readonly anchor: HistoryAnchor
      readonly limit: number
      /** Answer from a state not older than this `seq` (R6). */
      readonly atLeast?: number
    }
  | {
      readonly type: 'operation'
      readonly conversation: string
      readonly localId: string
      /** Counts transmissions of this entry, from 1. */
      readonly try: number
      /** The local id that must have taken effect before (R12). */
      readonly after?: string
      readonly operation: Operation
    }
  | {
      readonly type: 'receipt'
      readonly conversation: string
      readonly epoch: string
      readonly delivered?: number
      readonly read?: number
      readonly marked?: Marked
    }
  | { readonly type: 'typing'; readonly conversation: string; readonly on: boolean }
  /** The list from `cursor` on, or from the beginning; asked again with `next` while the answer says `more`. */
  | { readonly type: 'inbox'; readonly request: number; readonly cursor?: string; readonly followed?: boolean }
  | { readonly type: 'ping'; readonly n: number }

export interface ServerLimits {
  readonly followed: number
  readonly window: number
  readonly contentBytes: number
  readonly pageRows: number
}

/** Why an `open` answers with the newest page instead of a delta (R3, R8). */
export type ResetReason = 'first' | 'epoch' | 'ahead' | 'tag' | 'too-old'

export interface Welcome {
  readonly type: 'welcome'
  readonly version: number
  readonly user: string
  readonly tenant?: string
  /** Server milliseconds since 1970. */
  readonly time: number
  readonly heartbeatMs: number
  readonly limits: ServerLimits
  /** What this server can do (R31): `dense`, `index`, `idempotent`, `echo`, `after`, `receipts`, `typing`, `inbox`. */
  readonly features: readonly string[]
}

export interface Opened {
  readonly type: 'opened'
  readonly request: number
  readonly conversation: string
  readonly epoch: string
  /** Absent: a delta. Present: drop what is held; `rows` is the newest page. */
  readonly reset?: ResetReason | (string & {})
  /** Delta: changes in (from, to]. Reset: all visible messages with a place in (from, to]. */
  readonly from: number
  readonly to: number
  /** The tag of the change at `to`. */
  readonly tag: string
  readonly head: number
  readonly more: boolean
  /** Nothing at or below this place is visible to the reader (R7). */
  readonly floor: number
  readonly hidden: readonly HiddenRange[]
  readonly rows: readonly MessageRow[]
  readonly own: readonly OwnChange[]
  readonly profile: Profile
  readonly memberCount: number
  readonly members: readonly Member[]
  readonly people: readonly Person[]
  readonly marks: readonly Mark[]
  readonly unread: Unread
}

export interface Page {
  readonly type: 'page'
  readonly request: number
  readonly conversation: string
  readonly epoch: string
  /** The head of the state that was read (R6). */
  readonly asOf: number
  /** `rows` is every visible message with a place in (from, to]. */
  readonly from: number
  readonly to: number
  readonly rows: readonly MessageRow[]
  readonly people: readonly Person[]
}

export interface ChangeFrame {
  readonly type: 'change'
  readonly conversation: string
  readonly epoch: string
  readonly seq: number
  readonly tag: string
  readonly change: Change
  /** Profiles of users this change names for the first time on this link. */
  readonly people?: readonly Person[]
}

export type ServerFrame =
  | Welcome
  | { readonly type: 'refused'; readonly code: string; readonly retryAfterMs?: number }
  | Opened
  | Page
  | ChangeFrame
  | {
      readonly type: 'ack'
      readonly conversation: string
      readonly localId: string
      readonly epoch: string
      /** The `seq` it took; absent when the local id was taken back and nothing happened. */
      readonly seq?: number
      /** The stored state of the message, where there is one. */
      readonly message?: MessageRow
    }
  | {
      readonly type: 'reject'
      readonly conversation: string
      readonly localId: string
      readonly try: number
      readonly code: ErrorCode | (string & {})
      /** True: it will never be taken. False: the same operation may pass later. */
      readonly final: boolean
      readonly retryAfterMs?: number
    }
  | {
      readonly type: 'failed'
      /** The request of `open`, `history` or `inbox` that has no answer. */
      readonly request: number
      readonly code: ErrorCode | (string & {})
      readonly retryAfterMs?: number
    }
  | { readonly type: 'left'; readonly conversation: string; readonly seq: number; readonly why: string }
  | { readonly type: 'marks'; readonly conversation: string; readonly epoch: string; readonly marks: readonly Mark[] }
  | { readonly type: 'typing'; readonly conversation: string; readonly user: string; readonly on: boolean }
  | {
      readonly type: 'inbox'
      /** The request answered; absent in a live push, which is sent only after an answer without `more`. */
      readonly request?: number
      /** The cursor this frame continues (the one asked with, or the last `next`); absent: the list begins anew (drop what is held). */
      readonly prev?: string
      readonly next: string
      readonly more: boolean
      readonly rows: readonly InboxRow[]
      /** Conversations that left the list. */
      readonly gone: readonly string[]
    }
  | { readonly type: 'people'; readonly people: readonly Person[] }
  | { readonly type: 'head'; readonly heads: readonly Head[] }
  /** `heads`: at least the followed conversations whose head the client has not shown to know of. */
  | { readonly type: 'pong'; readonly n: number; readonly heads: readonly Head[] }
  /** The link will be closed soon; come back after `retryAfterMs`. */
  | { readonly type: 'drain'; readonly retryAfterMs: number }
  /** A frame of a kind not known here; ignored (R10). */
  | { readonly type: 'unknown'; readonly raw: unknown }
