/** Conversations in memory: made at first use, the least recently used let go at the cap (R24). */
import { openDisk } from './cache/disk-queue.js'
import { noteOpened } from './cache/cap.js'
import { emptyCache } from './cache/cache-state.js'
import { startRestore } from './cache/restore.js'
import { noReceipts } from './receipts.js'
import type { ConversationState, Log } from './state.js'
import { leastUsed } from './timeline/catch-up.js'
import { isLive } from './timeline/live.js'
import { windowOf } from './timeline/window.js'
import { never } from './timing.js'
import { type Draft, draftOf, nextNumber, type Turn } from './turn.js'
import { silent } from './typing.js'

/** Of which nothing is known yet. */
export const coldLog: Log = {
  state: 'loading',
  epoch: '',
  head: 0,
  tag: '',
  tags: '',
  heard: 0,
  floor: 0,
  hidden: [],
  tail: windowOf([], 0, 0),
  view: null,
  beyond: [],
  liveOn: 0,
  catchUp: null,
  hinted: 0,
  hintAtMs: 0,
  retryAtMs: 0,
  doubts: 0,
  load: null,
  profile: {},
  members: [],
  memberCount: 0,
}

/** The conversation, read from disk first if it is new here. */
export function conversationFor(turn: Turn, id: string): Draft {
  const known = draftOf(turn, id)
  if (known) return known
  openDisk(turn)
  const made: ConversationState = {
    id,
    log: coldLog,
    ahead: [],
    entries: [],
    receipts: noReceipts,
    ephemeral: silent,
    cache: emptyCache,
    watchers: 0,
    usedAt: nextNumber(turn),
    wakeAtMs: never,
  }
  hold(turn, [...turn.conversations, made])
  const draft = draftOf(turn, id) as Draft
  startRestore(turn, draft)
  return draft
}

function hold(turn: Turn, conversations: readonly ConversationState[]): void {
  turn.conversations = conversations
  turn.slots = new Map(conversations.map(({ id }, slot) => [id, slot]))
}

/** Until no more than the cap are held, as far as may be: never one that is watched, unsettled or unwritten. It is unfollowed first. */
export function makeRoom(turn: Turn): void {
  const { touched, config } = turn
  while (turn.conversations.length > config.conversations) {
    const oldest = leastUsed(turn.conversations, isIdle)
    if (!oldest) return
    if (isLive(turn, oldest.log)) turn.frames.push({ type: 'unfollow', conversation: oldest.id })
    hold(
      turn,
      turn.conversations.filter((each) => each !== oldest),
    )
    const at = touched.indexOf(oldest as Draft)
    if (at >= 0) touched.splice(at, 1)
  }
}

function isIdle({ watchers, entries, log, receipts, cache }: ConversationState): boolean {
  const unread = log.load || log.catchUp || cache.rereading
  const unwritten = receipts.pending || cache.dirty || cache.flight
  return !(watchers || entries.length || unread || unwritten)
}

/** One more who looks at it, or with -1 one less. */
export function watch(turn: Turn, c: Draft, by: 1 | -1): void {
  if (by > 0) noteOpened(turn, c.id)
  c.watchers = Math.max(0, c.watchers + by)
  c.usedAt = nextNumber(turn)
}
