/** Counts that bound memory and effort. Single constants, as in `timing.ts`. */

/** Changes kept beyond a hole (R5). */
export const beyond = 256
/** Changes kept during a load (R6). */
export const kept = 256
/** Rows of a window before it is halved (R33). */
export const windowRows = 400
export const windowHalf = 200
/** Messages per stored page (R2). */
export const pageRows = 50
/** Changes to stored rows that wait to be written; more begin the cache anew. */
export const patches = 1_000
/** Characters of the tags of the newest changes that are held, and half of them at least: another instance that hears the same is not so far behind with storing. */
export const tags = 16_384
/** Characters of them that are stored: another instance is not so far behind with hearing. */
export const storedTags = 2_048
/** Rows not yet written that make the cache commit at once. */
export const dirtyRows = 150
/** Passing failures of one entry alone before it gives up (R14). */
export const soloFailures = 10
/** Unacknowledged operation bytes per link (R17). */
export const unackedBytes = 256 * 1024
/** A page that does not fit is asked for this often. */
export const pageTries = 3
/** Answers of a server that fall short of what was heard of, before it is believed. */
export const doubts = 4
/** Refusals of the token in a row before the session gives up. */
export const tokenTries = 3
/** Messages shown ahead of the log in a conversation. */
export const ahead = 256
/** Conversations of the stored list. */
export const storedInbox = 100
/** People named in one item of the list. */
export const listedPeople = 8
export const people = 5_000
/** Others shown typing at once in a conversation. */
export const typists = 256
export const conversations = 50
/** Lanes of other living instances that one waits for. */
export const lanes = 1_000
export const outboxEntries = 20_000
export const outboxBytes = 32 * 1024 * 1024
/** `unread` is exact up to here (R22). */
export const unread = 100
/** Above this many members a message's status ends at `sent` (R23). */
export const receiptMembers = 256
