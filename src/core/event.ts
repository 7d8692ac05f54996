/** What can happen to the core, and what it asks of the shell. Both are plain data; the core does nothing else. */
import type { ClientFrame, MessageRow } from '../protocol/frames.js'
import type { Entry } from './outbox/entry.js'
import type { LinkClosed, LinkFrame } from '../ports/transport.js'
import type { Provisional } from './state.js'
import type { Key, KeyRange, Row, StorageErrorCode, StorageState, Write, Expectation } from '../ports/storage.js'

/** What the page and the device tell, in the core's words. `other-user`: another account begins in this browser. */
export type Signal = 'online' | 'offline' | 'visible' | 'hidden' | 'resume' | 'clock-jump' | 'other-user'

export type CoreEvent =
  | { readonly kind: 'tick' }
  | { readonly kind: 'signal'; readonly signal: Signal }
  // The link, named by its number so that a late event of an older one is dropped.
  | { readonly kind: 'link-opened'; readonly link: number }
  | { readonly kind: 'link-frames'; readonly link: number; readonly frames: readonly LinkFrame[] }
  | { readonly kind: 'link-closed'; readonly link: number; readonly why: LinkClosed }
  // The disk.
  | { readonly kind: 'disk-state'; readonly state: StorageState }
  | { readonly kind: 'disk-rows'; readonly ask: number; readonly rows: readonly Row[] }
  | { readonly kind: 'disk-unreadable'; readonly ask: number }
  | { readonly kind: 'lanes-claimed'; readonly lanes: readonly string[] }
  | { readonly kind: 'committed'; readonly commit: number }
  | { readonly kind: 'commit-failed'; readonly commit: number; readonly code: StorageErrorCode; readonly key?: Key }
  // The application.
  | { readonly kind: 'connect' }
  | { readonly kind: 'close' }
  | { readonly kind: 'open-disk' }
  | { readonly kind: 'watch'; readonly conversation: string }
  | { readonly kind: 'unwatch'; readonly conversation: string }
  | { readonly kind: 'send'; readonly conversation: string; readonly localId: string; readonly content: unknown; readonly bytes: number }
  | { readonly kind: 'retry'; readonly conversation: string; readonly localId: string }
  | { readonly kind: 'discard'; readonly conversation: string; readonly localId: string }
  | { readonly kind: 'mark-read'; readonly conversation: string }
  /** `seq` 0: from the newest message of somebody else on. */
  | { readonly kind: 'mark-unread'; readonly conversation: string; readonly seq: number }
  | { readonly kind: 'set-typing'; readonly conversation: string; readonly on: boolean }
  | { readonly kind: 'load'; readonly conversation: string; readonly call: number; readonly way: 'older' | 'newer'; readonly limit: number }
  | { readonly kind: 'jump'; readonly conversation: string; readonly call: number; readonly seq: number }
  | { readonly kind: 'jump-latest'; readonly conversation: string }

/** What the application is told once, as it happens. */
export type Report =
  | { readonly kind: 'message'; readonly conversation: string; readonly row: MessageRow; readonly source: 'live' | 'catch-up' }
  | { readonly kind: 'reset'; readonly conversation: string; readonly why: string; readonly lost: readonly string[] }
  | { readonly kind: 'failed'; readonly conversation: string; readonly localId: string; readonly code: FailureCode }
  | { readonly kind: 'sent'; readonly entry: Entry; readonly row: MessageRow; readonly tookMs: number }
  | { readonly kind: 'delivered'; readonly conversation: string; readonly tookMs: number }
  | { readonly kind: 'discarded'; readonly conversation: string; readonly localId: string }
  | { readonly kind: 'left'; readonly conversation: string; readonly why: string }
  | { readonly kind: 'caught-up'; readonly conversation: string; readonly tookMs: number; readonly rows: number }
  /** The log says otherwise than what was shown ahead of it. */
  | { readonly kind: 'corrected'; readonly conversation: string; readonly row: MessageRow; readonly was: Provisional }
  | { readonly kind: 'withdrawn'; readonly conversation: string; readonly was: Provisional }
  | { readonly kind: 'via'; readonly via: string }
  | { readonly kind: 'reconnecting'; readonly attempt: number; readonly why: string }
  | { readonly kind: 'fenced' }
  | { readonly kind: 'warning'; readonly text: string; readonly fields: object }

/** Why an entry failed: a code of the protocol's `reject`, or `gave-up`, or `conversation-gone`. */
export type FailureCode = string

export type Effect =
  | { readonly kind: 'open'; readonly link: number }
  /** The link, if there is one. */
  | { readonly kind: 'close' }
  | { readonly kind: 'transmit'; readonly frames: readonly ClientFrame[] }
  | { readonly kind: 'load'; readonly ask: number; readonly ranges: readonly KeyRange[] }
  | { readonly kind: 'claim-lanes'; readonly lanes: readonly string[] }
  | {
      readonly kind: 'commit'
      readonly commit: number
      readonly writes: readonly Write[]
      readonly durability: 'relaxed' | 'strict'
      readonly expect: readonly Expectation[]
    }
  /** Ends a call of the application: `code` absent, it went well. */
  | { readonly kind: 'answer'; readonly call: number; readonly code?: 'offline' | 'not-found' | 'conversation-gone' | 'rejected' }
  | { readonly kind: 'report'; readonly report: Report }

/** Everything a step may know besides state and event. */
export interface Env {
  /** Milliseconds that only rise. */
  readonly nowMs: number
  /** The device's clock, for what is shown. */
  readonly wallMs: number
  /** Chance in [0, 1), drawn by the shell so that a seed repeats it. */
  readonly roll: number
}
