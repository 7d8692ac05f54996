/**
 * The store port: where the server keeps what is true. Every write of a batch takes effect in one transaction, in
 * order, or none does; a resolved `write` is on disk. `seq` and `index` are dense per (tenant, conversation) and are
 * allocated in the transaction that stores (R1, R2). Every read sees whole transactions only.
 */
import type { HistoryAnchor, InboxRow, Mark, Marked, Opened, Page, Person, Position, Profile } from '../protocol/frames.js'
import type { Change, MessageRow } from '../protocol/frames.js'

/** Every key begins with the tenant, '' where there is one alone. */
export interface Place {
  readonly tenant: string
  readonly conversation: string
}

/** Who sees the messages from before a later member joined: all of them, or nobody (R7). */
export type HistoryRule = 'full' | 'from-join'

/** A member's message. The local id is stored for ever with what became of it (R15). */
export interface SendWrite extends Place {
  readonly kind: 'send'
  readonly user: string
  readonly localId: string
  /** A local id of this user that must be in the table, else `out-of-order` (R12). */
  readonly after?: string
  readonly content: unknown
  /** Server milliseconds since 1970. */
  readonly at: number
}

/** Takes a local id back: answered by the first answer where there is one, else remembered as void (R13). */
export interface VoidWrite extends Place {
  readonly kind: 'void'
  readonly user: string
  readonly localId: string
  readonly after?: string
}

/** A message of the backend itself, from any author: the same `id` again with other content revises it in place. */
export interface PostWrite extends Place {
  readonly kind: 'post'
  readonly id: string
  readonly author: string
  readonly content: unknown
  readonly at: number
}

/** Watermarks: merged by max, clamped to the head, another epoch's are dropped; `marked` by its `rev` (R21). */
export interface MarkWrite extends Place {
  readonly kind: 'mark'
  readonly user: string
  readonly epoch: string
  readonly delivered?: number
  readonly read?: number
  readonly marked?: Marked
}

/** Makes the conversation, or makes its members and profile equal to these. */
export interface PutWrite extends Place {
  readonly kind: 'put'
  readonly members: readonly string[]
  readonly profile?: Profile
  readonly history?: HistoryRule
}

/** Adds one member, and makes the conversation where there is none. */
export interface JoinWrite extends Place {
  readonly kind: 'join'
  readonly user: string
}

/** What a user is called and looks like, in every conversation of the tenant, and in the inbox rows of the newest of them. */
export interface PersonWrite {
  readonly kind: 'person'
  readonly tenant: string
  readonly user: string
  readonly profile: Profile
}

export type StoreWrite = SendWrite | VoidWrite | PostWrite | MarkWrite | PutWrite | JoinWrite | PersonWrite

/** One durable change, as it goes to every follower. */
export interface StoredChange {
  readonly seq: number
  readonly tag: string
  readonly change: Change
}

/**
 * What became of one write, in the place it had in the batch. `stamp`: every inbox row this and earlier writes of the tenant
 * changed has a `rev` of at most that; absent where no row shows anything new.
 */
export type Outcome =
  /** `person`: the author is not among the members a follower was told of. */
  | {
      readonly kind: 'stored'
      readonly epoch: string
      readonly stored: StoredChange
      readonly message: MessageRow
      readonly person?: Person
      readonly stamp: number
    }
  /** The local id (or post) was there; `seq` is absent where it had been taken back. */
  | { readonly kind: 'known'; readonly epoch: string; readonly seq?: number; readonly message?: MessageRow }
  | { readonly kind: 'refused'; readonly code: 'out-of-order' | 'not-found' }
  /** `moved`: a watermark rose; else, with a `stamp`, only `marked` was set, which is its user's alone. */
  | {
      readonly kind: 'marked'
      readonly epoch: string
      readonly mark: Mark
      readonly moved: boolean
      readonly memberCount: number
      readonly stamp?: number
    }
  | {
      readonly kind: 'arranged'
      readonly epoch: string
      readonly head: number
      readonly changes: readonly StoredChange[]
      /** The joiners who have a profile. */
      readonly people: readonly Person[]
      readonly stamp?: number
    }
  /** `conversations`: where the new profile shows; empty when it was the stored one. `rows`: those whose inbox rows are new by it. */
  | { readonly kind: 'named'; readonly conversations: readonly string[]; readonly rows: readonly string[]; readonly stamp?: number }

export interface ReaderPlace extends Place {
  readonly user: string
}

export type OpenRead = Omit<Opened, 'type' | 'request' | 'conversation'>
export type PageRead = Omit<Page, 'type' | 'request' | 'conversation'>

/** What a reader who holds the list as of a cursor need be told: the conversations that changed for them, up to a stamp. */
export interface InboxNews {
  readonly conversations: readonly string[]
  readonly stamp: number
}

export interface InboxRead {
  /** Absent: the list begins anew. */
  readonly prev?: string
  readonly next: string
  readonly more: boolean
  readonly rows: readonly InboxRow[]
  readonly gone: readonly string[]
}

/** Changes as they go to followers, each with what it made. */
export interface ChangesRead {
  readonly epoch: string
  readonly head: number
  /** From the first asked on without a hole, up to where they are too many, or one has made what has changed again since. */
  readonly changes: readonly ToldChange[]
}

/** `person`: the author is not among the members a follower was told of, or has just joined. */
export type ToldChange = StoredChange & { readonly person?: Person }

/** A conversation of which rows or log moved, as it is now; `stamp` is the highest of what all of its members see. */
export interface MovedNews extends Place {
  readonly epoch: string
  readonly head: number
  readonly stamp: number
  readonly members: readonly string[]
}

/** A member's registers moved; with a `stamp` the member's own row did too. */
export interface MarkNews extends Place {
  readonly epoch: string
  readonly mark: Mark
  readonly memberCount: number
  readonly stamp?: number
}

/** A member was removed by the change at `seq` and has not come back. */
export interface LeftNews extends Place {
  readonly user: string
  readonly seq: number
  readonly stamp: number
}

/** A new profile, and where it shows. */
export interface PersonNews {
  readonly tenant: string
  readonly person: Person
  readonly conversations: readonly string[]
  readonly stamp: number
}

/** What was written since an earlier answer, each thing once, in its newest state. */
export interface News {
  readonly next: string
  /** More was written than the store can tell: all that is held is in doubt. */
  readonly lost?: true
  readonly moved: readonly MovedNews[]
  readonly marks: readonly MarkNews[]
  readonly left: readonly LeftNews[]
  readonly people: readonly PersonNews[]
  /** Where anything was written: everything up to this inbox stamp is in this answer or an earlier one. */
  readonly stamps: readonly { readonly tenant: string; readonly stamp: number }[]
}

export interface Store {
  /** `mint` makes random ids: epochs, tags, message ids. Rejects when the transaction failed; then nothing of it is stored. */
  write(batch: readonly StoreWrite[], mint: () => string): Promise<readonly Outcome[]>
  /** What `open` answers (R5); undefined where the reader is no member or there is no such conversation (R27). */
  open(at: ReaderPlace & { readonly position?: Position }): Promise<OpenRead | undefined>
  /** A page of history (R6), by the same membership. */
  page(at: ReaderPlace & { readonly anchor: HistoryAnchor; readonly limit: number }): Promise<PageRead | undefined>
  /**
   * The reader's conversations changed since the cursor; the newest of all of them without one (R24). With `news` no other conversation is
   * looked at, however many the reader has: each is answered by a row or as gone, in the order asked; `more`: the last ones are not.
   */
  inbox(at: { readonly tenant: string; readonly user: string; readonly cursor?: string; readonly news?: InboxNews }): Promise<InboxRead>
  /** Present members, in no order. */
  members(at: Place): Promise<readonly string[]>
  /** The changes after `after`, of which one node of several has missed the news. Undefined where there is no such conversation. */
  changes(at: Place & { readonly after: number }): Promise<ChangesRead | undefined>
  /**
   * Asked every few seconds by each of several nodes over one store, never by one alone: what was written since the answer whose `next`
   * this is, whoever wrote it. Without a cursor it only gives one. It must cost what has changed, not what there is.
   */
  news(after?: string): Promise<News>
  close(): Promise<void>
}
