/** Bugs planted on purpose, each by one switch: the world must catch every one of them, or it proves nothing. */
import type { InvariantName } from '../../src/testing/world/invariants.js'

export interface Mutant {
  readonly name: string
  readonly bugs: Planted
  /** Which must notice it first in some history, where that is the point of it. Default any. */
  readonly by?: InvariantName
}

type Named = readonly (readonly [name: string, bug: keyof Planted, by?: InvariantName])[]

const client: Named = [
  ['change applied over a hole', 'applyOverHole'],
  ['cursor committed apart from rows', 'cursorApart', 'cursor-behind-rows'],
  ['outbox row dropped before the cache row', 'outboxRowFirst'],
  ['ack beyond head shown in place', 'ackShownInPlace'],
  ['`after` not sent', 'afterIgnored'],
  ['`from` unchecked', 'fromUnchecked'],
  ['older `rev` wins', 'olderRevWins'],
  ['stale-epoch receipt taken by the client', 'staleEpochMarks'],
  ['pending lost on reset', 'pendingLostOnReset'],
  ['watermark lowered by the client', 'marksLowered'],
  ['`expect` ignored', 'expectIgnored'],
  ['queued before any write', 'queuedBeforeWrite'],
  ['new rows put in front', 'freshInFront'],
  ['a new state not written to disk', 'staleRowsClean'],
  ['holes of a page unchecked', 'denseUnchecked'],
  ['rows kept on a reset', 'rowsKeptOnReset'],
  ['patches of stored rows not written', 'patchesDropped'],
  ['own messages counted as unread', 'ownUnread'],
  ['no window of what is in flight', 'windowUnbounded'],
  ['retries without a pause', 'hasty', 'retry-budget'],
  ['entries queued in a conversation that is gone', 'strandedQueued'],
  ['a read forgotten when rows move', 'movedUnread'],
  ['a settled entry stays', 'settledStays'],
  ['a disk called wiped for which memory stands in', 'memoryWiped'],
  ['rows left by a logout', 'wipeForgotten'],
  ['locks of lanes kept', 'lanesKept'],
  ['a link kept while a logout wipes', 'linkKept'],
  ['a timer kept', 'timerKept'],
  ['a new message shown with the content before it', 'mixedContent'],
  ['an entry dropped at its deadline', 'droppedAtDeadline'],
  ['a refused entry dropped without a word', 'rejectDrops'],
  ['pending messages in reverse', 'pendingReversed', 'pending-in-place'],
  ['pending messages before the confirmed', 'pendingInFront', 'pending-in-place'],
  ['another key once settled', 'keyChanged', 'one-key'],
  ['every author another', 'authorForged', 'cache-within-truth'],
  ['every own message shown as read', 'readClaimed', 'status-true'],
  ['a gap not shown', 'gapsHidden', 'view-says'],
  ['the first unread not shown', 'firstUnreadLost', 'unread-recount'],
  ['waits without jitter', 'steadyBackoff', 'returns-spread'],
  ['what another tab took back is kept', 'withdrawnKept', 'converges'],
  ['the link of tabs taken by force from who is awake, without a pause', 'hastyForce', 'force-paused'],
  ['what the final path has told forgotten by the combinator', 'overForgotten', 'final-stays'],
  ['a withdrawal of which nobody is told', 'endUntold', 'ends-once'],
  ['what comes by the fast path shown with another content', 'fastMixed', 'cache-within-truth'],
  ['an acknowledgement of the fast path taken for one', 'fastAckTaken'],
]

const server: Named = [
  ['ack before commit', 'ackBeforeCommit'],
  ['no server dedupe', 'noDedupe'],
  ['`after` ignored by the server', 'ignoreAfter'],
  ['watermark lowered by the server', 'lowerMarks'],
  ['a seq left out', 'skipSeq'],
  ['an index left out', 'skipIndex'],
  ['a revised message keeps its `rev`', 'oldRev'],
  ['a position of another epoch continued', 'epochIgnored'],
  ['a row left out of a catch-up', 'rowLost'],
  ['a removed member told', 'toldAfterRemoval'],
  ['a row left out of the list for good', 'rowForgotten', 'converges'],
  ['a hint trusted over a hole', 'hintTrusted'],
  ['the news of the store never asked for', 'headsUnchecked'],
]

export const mutants: readonly Mutant[] = [...client, ...server].map(([name, bug, by]) => ({ name, bugs: { [bug]: true }, by }))
