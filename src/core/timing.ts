/** Every duration of the core, in one place. Milliseconds. */
export const timing = {
  /** A link must open and be welcomed within this. */
  connectMs: 15_000,
  backoffFirstMs: 500,
  backoffCapMs: 30_000,
  /** A link that lived this long was good: the next wait begins from the first again. */
  goodLinkMs: 5_000,
  /** After a ping any frame must come within this. */
  pongMs: 10_000,
  /** The same, when the page has just come back and somebody is looking. */
  probeMs: 4_000,
  ackMs: 10_000,
  requestMs: 15_000,
  retryRequestMs: 1_000,
  /** At most one cache commit per this (R35). */
  writeBehindMs: 150,
  /** The stored list is written at most once per this. */
  storeInboxMs: 2_000,
  diskRetryMs: 1_000,
  diskRetryCapMs: 30_000,
  typingToldMs: 3_000,
  typingEndsMs: 5_000,
  typingShownMs: 6_000,
} as const

/** Counts that bound memory and effort. */
export const bounds = {
  /** Changes kept beyond a hole (R5). */
  beyond: 256,
  /** Changes kept during a load (R6). */
  kept: 256,
  /** Rows of a window before it is halved (R33). */
  windowRows: 400,
  windowHalf: 200,
  /** Messages per stored page (R2). */
  pageRows: 50,
  /** Changes to stored rows that wait to be written; more begin the cache anew. */
  patches: 1_000,
  /** Rows not yet written that make the cache commit at once. */
  dirtyRows: 150,
  /** Passing failures of one entry alone before it gives up (R14). */
  soloFailures: 10,
  /** Unacknowledged operation bytes per link (R17). */
  unackedBytes: 256 * 1024,
  /** A page that does not fit is asked for this often. */
  pageTries: 3,
  /** Answers of a server that fall short of what was heard of, before it is believed. */
  doubts: 4,
  /** Refusals of the token in a row before the session gives up. */
  tokenTries: 3,
  /** Conversations of the stored list. */
  storedInbox: 100,
  people: 5_000,
  /** Others shown typing at once in a conversation. */
  typists: 256,
  conversations: 50,
  outboxEntries: 20_000,
  outboxBytes: 32 * 1024 * 1024,
  /** `unread` is exact up to here (R22). */
  unread: 100,
  /** Above this many members a message's status ends at `sent` (R23). */
  receiptMembers: 256,
} as const

export const never = Number.POSITIVE_INFINITY
