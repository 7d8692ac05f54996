/** The list of conversations as it is held; `inbox.ts` has the rules. */
import type { Member, MessageRow, Profile } from '../../protocol/frames.js'
import type { Entry } from '../outbox/entry.js'
import { never } from '../timing.js'
import { type Book, emptyBook, type Ordered } from './book.js'

/** What the status of a sent message follows from (R23). */
export interface ReceiptSource {
  readonly members: readonly Member[]
  readonly memberCount: number
  readonly marks: ReadonlyMap<string, { readonly delivered: number; readonly read: number }>
}

export interface InboxItemState extends Ordered {
  readonly rev: number
  readonly profile: Profile
  /** Whose profiles may be shown; the first of them are. */
  readonly people: readonly { readonly user: string }[]
  readonly last?: MessageRow
  readonly pending?: Entry
  /** Whose watermarks say what became of `last`; only where that is an own message of a conversation in memory. */
  readonly receipts?: ReceiptSource
}

export interface InboxState {
  readonly state: 'loading' | 'ready' | 'stale'
  readonly book: Book<InboxItemState>
  /** The last `next` taken; '' before the first. */
  readonly cursor: string
  /** The one under way; 0: none. */
  readonly request: number
  /** When the request under way is given up, or one that failed is made again. */
  readonly dueAtMs: number
  /** Items not named again by a list that began anew; dropped when it is complete. */
  readonly unnamed: ReadonlySet<string> | null
  /** The book as the disk has it, and when it may next be written. */
  readonly stored: Book<InboxItemState>
  readonly storeAtMs: number
}

const nobody: Book<InboxItemState> = emptyBook()

export const emptyInbox: InboxState = {
  state: 'loading',
  book: nobody,
  cursor: '',
  request: 0,
  dueAtMs: never,
  unnamed: null,
  stored: nobody,
  storeAtMs: 0,
}
