/**
 * The state of one chat. Between two steps nothing of it is changed; a step copies what it touches (`turn.ts`).
 * A conversation is five sub-records, each owned by the slice of its name (R33).
 */
import type { ChangeFrame, HiddenRange, Marked, Member, MessageRow, Profile } from '../protocol/frames.js'
import type { StorageState } from '../ports/storage.js'
import type { InboxState } from './inbox/inbox-state.js'
import type { Entry } from './outbox/entry.js'
import type { SessionState } from './session-state.js'
import type { CacheState } from './cache/cache-state.js'
import type { DiskState } from './cache/disk-state.js'

/** A contiguous run: `rows` is every visible message with a place in (from, to], oldest first. */
export interface Window {
  readonly rows: readonly MessageRow[]
  /** The rows as they were when last changed otherwise than by appending: with the same stem nothing before the end differs. */
  readonly stem: readonly MessageRow[]
  readonly from: number
  readonly to: number
}

/** One `open` under way (R5): at most one per conversation. */
export interface CatchUp {
  readonly request: number
  readonly sinceMs: number
  readonly deadlineMs: number
  /** Rows it has brought so far, over several answers. */
  readonly rows: number
  /** What had been heard of when it was asked. */
  readonly heard: number
}

/** One page under way, from disk or network (R6). */
export interface HistoryLoad {
  readonly source: 'disk' | 'network'
  /** The disk's ask or the network's request. */
  readonly id: number
  readonly way: 'older' | 'newer' | 'around'
  /** The place that was asked for. */
  readonly seq: number
  readonly limit: number
  readonly calls: readonly number[]
  readonly deadlineMs: number
  readonly tries: number
  /** Changes to messages not held that the page may not know yet; replayed by `rev`. Null: more than can be kept. */
  readonly kept: readonly MessageRow[] | null
  /** What came, while a row of it has a `rev` above the head (R6). */
  readonly run?: Window
}

/** What is held of a conversation's log. `head` = 0 and `epoch` = '' before the first answer. */
export interface Log {
  readonly state: 'loading' | 'ready' | 'gone'
  readonly epoch: string
  readonly head: number
  readonly tag: string
  /** Of the newest changes in a row, up to the head, one a line: what another tab has stored is known by them. A text, as one grows for nothing. */
  readonly tags: string
  /** The highest `seq` seen anywhere; while head < heard a catch-up is under way or due (R5). */
  readonly heard: number
  readonly floor: number
  readonly hidden: readonly HiddenRange[]
  /** Always reaches the head. */
  readonly tail: Window
  /** What is shown when it is not the tail. */
  readonly view: Window | null
  /** Changes beyond a hole, by `seq`, unshown (R5). */
  readonly beyond: readonly ChangeFrame[]
  /** The link on which it is followed and caught up; 0: none. */
  readonly liveOn: number
  readonly catchUp: CatchUp | null
  /** The highest `seq` that a hint has named, and when the next catch-up may begin that only hints ask for. */
  readonly hinted: number
  readonly hintAtMs: number
  /** Not before this time is a failed catch-up tried again. */
  readonly retryAtMs: number
  /** Answers in a row that did not reach what had been heard of. */
  readonly doubts: number
  readonly load: HistoryLoad | null
  readonly profile: Profile
  readonly members: readonly Member[]
  readonly memberCount: number
}

export interface Receipts {
  /** Watermarks of all members known, oneself included. */
  readonly marks: ReadonlyMap<string, { readonly delivered: number; readonly read: number }>
  /** From where on this user has it as unread again, as the server says (R21). */
  readonly marked: Marked
  /** Own read and mark not yet covered by the server's state (R21). */
  readonly pending: { readonly epoch: string; readonly read: number; readonly marked?: Marked } | null
  /** What the server was told on the link `on`; not covered by its state at `dueMs`, it is told again. */
  readonly told: { readonly on: number; readonly read: number; readonly delivered: number; readonly dueMs: number }
  /** The highest own `rev` that may have reached the server, on whatever link. */
  readonly toldRev: number
  /** Highest place known to be on disk (R23). */
  readonly storedTo: number
  /** The server's count, above what it was taken, and up to where: what came since is added from the rows held (R22). */
  readonly unread: { readonly count: number; readonly more: boolean; readonly read: number; readonly countedTo: number }
}

export interface Ephemeral {
  /** Who types, until when. */
  readonly typing: ReadonlyMap<string, number>
  /** Own typing: when it was last told, when it ends by itself; 0: not typing. */
  readonly toldAtMs: number
  readonly endsAtMs: number
}

/** A message shown ahead of the log. */
export interface Provisional {
  readonly author: string
  readonly localId: string
  readonly content: unknown
  readonly at: number
  /** By the clock of the steps, for its place among what is pending. */
  readonly arrivedMs: number
  /** The lowest place in the log of what stood behind it here and is shown ahead no more. */
  readonly beyond: number
  /** Withdrawn then. */
  readonly untilMs: number
}

export interface ConversationState {
  readonly id: string
  readonly log: Log
  /** In the order of their arrival. */
  readonly ahead: readonly Provisional[]
  /** Unsettled own operations in the order they will take effect. */
  readonly entries: readonly Entry[]
  readonly receipts: Receipts
  readonly ephemeral: Ephemeral
  readonly cache: CacheState
  readonly watchers: number
  /** Rises with every use, for the LRU. */
  readonly usedAt: number
  /** The earliest deadline in here. */
  readonly wakeAtMs: number
}

export interface ChatState {
  readonly config: Config
  readonly session: SessionState
  /** Conversations in memory by slot, and where each is. A slot once freed is reused. */
  readonly conversations: readonly ConversationState[]
  readonly slots: ReadonlyMap<string, number>
  readonly outbox: OutboxTotals
  readonly inbox: InboxState
  readonly people: ReadonlyMap<string, Profile>
  readonly disk: DiskState
  readonly storage: StorageState | null
  readonly visible: boolean
  readonly counter: number
  readonly wakeAtMs: number
}

/** Totals over all conversations. */
export interface OutboxTotals {
  readonly entries: number
  readonly bytes: number
  /** The next `n` in the own lane. */
  readonly nextN: number
  /** Entries settled since the start: tells an entry that fails alone (R14). */
  readonly settled: number
}

export interface Config {
  readonly user: string
  /** Of this instance alone: it names the device too. */
  readonly lane: string
  /** As many are held in memory (R24). */
  readonly conversations: number
  /** From when a message counts as delivered to this device (R23). */
  readonly delivered: 'received' | 'opened'
  /** Do locks say which lanes live? Where they do not, another instance may hold what is stored here, and send it. */
  readonly locks: boolean
}
