/** What is known of a conversation's rows on disk; `cache.ts` has the rules. */
import type { Write } from '../../ports/storage.js'
import type { HiddenRange, Mark, Marked, Member, MessageRow, Profile, Unread } from '../../protocol/frames.js'
import { never } from '../timing.js'

/** Sorts behind every page. */
export const cursorPage = Number.MAX_SAFE_INTEGER

/** The shape of stored rows; another shape is dropped at load (R30). */
export const build = 3

/** From where on the disk holds every message: index and place before it; a place of -1 is not known. */
export interface Cover {
  readonly first: number
  readonly from: number
}

export interface CacheState {
  /** Version of the cursor row on disk; null: there is none; '': it is further on than the log, and is read again before it is written. */
  readonly version: string | null
  /** Head and newest index of what is on disk. */
  readonly head: number
  readonly last: number
  readonly cover: Cover | null
  readonly dirty: boolean
  /** The lowest index in the tail that is not on disk as it stands. */
  readonly dirtyFrom: number
  /** Older pages that have just been fetched. */
  readonly pages: readonly { readonly page: number; readonly rows: readonly MessageRow[] }[]
  readonly patches: readonly MessageRow[]
  /** Everything stored is to be dropped first. */
  readonly restart: boolean
  /** The server has said that the line went back under the same epoch: what another tab has stored cannot be told apart. */
  readonly wentBack: boolean
  /** Pages below the cover are to be dropped (R30). */
  readonly drop: boolean
  /** Outbox rows whose messages the log now holds. */
  readonly removals: readonly Write[]
  /** What the commit under way takes along, to be given back if it fails. */
  readonly flight: CacheState | null
  /** The ask that reads the cursor again; 0: none. */
  readonly rereading: number
  /** Nobody else stores what is new here: when the cursor was last read again, it had not moved. */
  readonly isLeft: boolean
}

/** The value of the cursor row. */
export interface CursorValue {
  readonly build: number
  readonly epoch: string
  readonly head: number
  readonly tag: string
  /** Of the newest changes in a row, up to the head. */
  readonly tags: readonly string[]
  readonly first: number
  readonly from: number
  readonly floor: number
  readonly hidden: readonly HiddenRange[]
  readonly rows: readonly MessageRow[]
  readonly profile: Profile
  readonly memberCount: number
  readonly members: readonly Member[]
  readonly marks: readonly Mark[]
  /** Absent in rows of before there was one. */
  readonly marked?: Marked
  readonly unread: Unread & { readonly read: number; readonly countedTo: number }
}

export const emptyCache: CacheState = {
  version: null,
  head: 0,
  last: -1,
  cover: null,
  dirty: false,
  dirtyFrom: never,
  pages: [],
  patches: [],
  restart: false,
  wentBack: false,
  drop: false,
  removals: [],
  flight: null,
  rereading: 0,
  isLeft: false,
}
