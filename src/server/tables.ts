/**
 * The rows beneath an embedded store, read and written synchronously inside one transaction. The ledger above holds all
 * rules; an engine only keeps rows. Records are immutable: a change puts a new one.
 */
import type { Marked, MessageRow, Profile } from '../protocol/frames.js'
import type { HistoryRule, Place } from './store.js'

export interface ConversationRecord extends Place {
  readonly epoch: string
  /** The `seq` of the newest change, and its tag. */
  readonly head: number
  readonly tag: string
  /** How many messages there are: the next `index`. */
  readonly messages: number
  readonly members: number
  readonly profile: Profile
  readonly history: HistoryRule
  /** The inbox stamp of its last visible change. */
  readonly stamp: number
}

/** A time of membership: changes with `joined` < seq < `left` are seen; earlier ones too unless `closed`. */
export interface Stint {
  readonly joined: number
  readonly left?: number
  readonly closed: boolean
}

/** When this member joined last: 0 for a founder. */
export function joinedAt({ stints }: SeatRecord): number {
  return stints.at(-1)?.joined ?? 0
}

/** What ties one user to one conversation: membership, watermarks, the stamp of the last change of either. */
export interface SeatRecord {
  readonly user: string
  readonly active: boolean
  readonly stints: readonly Stint[]
  readonly delivered: number
  readonly read: number
  readonly marked: Marked
  readonly stamp: number
}

export interface ChangeRecord {
  readonly seq: number
  readonly tag: string
  /** The place of the message it touched, 0 for other changes. */
  readonly message: number
  readonly user: string
  /** '' where the backend made it. */
  readonly localId: string
}

/** Messages with a place in (after, before), oldest or newest first. */
export interface MessageRange {
  readonly after: number
  readonly before: number
  readonly newestFirst: boolean
  readonly limit: number
}

export interface Seated {
  readonly conversation: ConversationRecord
  readonly seat: SeatRecord
  /** The higher of both stamps. */
  readonly stamp: number
}

/** The stamps of one life of the store: those above `from`, up to the `from` of the next line. */
export interface Line {
  readonly name: string
  readonly from: number
}

/** As many of the latest are kept. A device that was away for longer is told its list anew. */
export const keptLines = 64

export interface Tables {
  /** Runs it all or nothing, durable when it returns. */
  transaction<T>(run: () => T): T
  conversation(at: Place): ConversationRecord | undefined
  putConversation(record: ConversationRecord): void
  seat(at: Place, user: string): SeatRecord | undefined
  putSeat(at: Place, seat: SeatRecord): void
  /** Active seats in the order of users, at most `limit`. */
  seats(at: Place, limit: number): readonly SeatRecord[]
  /** Users of active seats, who joined last first, then in the order of users; at most `limit`. Costs the same in a large conversation. */
  newest(at: Place, limit: number): readonly string[]
  /** The `seq` a local id took, 0 when it was taken back, undefined when it was never seen. */
  localId(at: Place, author: string, localId: string): number | undefined
  putLocalId(at: Place, author: string, localId: string, seq: number): void
  tag(at: Place, seq: number): string | undefined
  putChange(at: Place, change: ChangeRecord): void
  /** Changes in (from, to], oldest first. */
  changes(at: Place, from: number, to: number): readonly ChangeRecord[]
  message(at: Place, seq: number): MessageRow | undefined
  putMessage(at: Place, message: MessageRow): void
  messages(at: Place, range: MessageRange): readonly MessageRow[]
  /** How many messages have a place in [from, to]. */
  countMessages(at: Place, from: number, to: number): number
  /** Messages not by `user`, not deleted, with a place in (after, before); stops at `limit`. */
  countUnread(at: Place, user: string, range: Pick<MessageRange, 'after' | 'before'>, limit: number): number
  person(tenant: string, user: string): Profile | undefined
  putPerson(tenant: string, user: string, profile: Profile): void
  /** The next inbox stamp of the tenant, and the last one given. */
  nextStamp(tenant: string): number
  lastStamp(tenant: string): number
  /** The latest lines of stamps, oldest first, at least `keptLines` of them. */
  lines(tenant: string): readonly Line[]
  putLine(tenant: string, line: Line): void
  /** Seats of a user, active or not, with a stamp in (after, to], newest or oldest first. */
  seated(at: { tenant: string; user: string; after: number; to: number; newestFirst: boolean; limit: number }): readonly Seated[]
  /** Conversations where the user is now. */
  conversationsOf(tenant: string, user: string): readonly string[]
  close(): void
}
