/** Conversations in memory: made at first use, the least recently used let go at the cap (R24). */
import { openDisk } from './cache/disk-queue.js'
import { noteOpened } from './cache/cap.js'
import { emptyCache } from './cache/cache-state.js'
import { startRestore } from './cache/restore.js'
import { noReceipts } from './receipts.js'
import type { ConversationState, Log } from './state.js'
import { emptyWindow } from './timeline/window.js'
import { never } from './timing.js'
import { conversationOf, nextNumber, onlineLink, put, say, type Turn } from './turn.js'
import { silent } from './typing.js'

const coldLog: Log = {
  state: 'cold',
  epoch: '',
  head: 0,
  tag: '',
  heard: 0,
  floor: 0,
  hidden: [],
  tail: emptyWindow,
  view: null,
  beyond: [],
  liveOn: 0,
  catchUp: null,
  retryAtMs: 0,
  doubts: 0,
  load: null,
  profile: {},
  members: [],
  memberCount: 0,
}

/** The conversation, read from disk first if it is new here. */
export function conversationFor(turn: Turn, id: string): ConversationState {
  const known = conversationOf(turn, id)
  if (known) return known
  openDisk(turn)
  makeRoom(turn)
  const made: ConversationState = {
    id,
    log: coldLog,
    entries: [],
    receipts: noReceipts,
    ephemeral: silent,
    cache: emptyCache,
    watchers: 0,
    usedAt: nextNumber(turn),
    wakeAtMs: never,
  }
  turn.state.slots = new Map(turn.state.slots).set(id, turn.state.conversations.length)
  turn.state.conversations = [...turn.state.conversations, made]
  startRestore(turn, made)
  return conversationOf(turn, id) as ConversationState
}

/** Never one that is watched, unsettled or unwritten; it is unfollowed first. */
function makeRoom(turn: Turn): void {
  const { conversations, config } = turn.state
  if (conversations.length < config.conversations) return
  let oldest: ConversationState | null = null
  for (const each of conversations) if (isIdle(each) && (!oldest || each.usedAt < oldest.usedAt)) oldest = each
  if (!oldest) return
  if (onlineLink(turn) !== 0 && oldest.log.liveOn !== 0) say(turn, { type: 'unfollow', conversation: oldest.id })
  const left = conversations.filter((each) => each !== oldest)
  turn.state.conversations = left
  turn.state.slots = new Map(left.map((each, slot) => [each.id, slot] as const))
  // Slots have moved: everything is looked at again.
  turn.touched.clear()
  for (let slot = 0; slot < left.length; slot++) turn.touched.add(slot)
}

function isIdle({ watchers, entries, log, receipts, cache }: ConversationState): boolean {
  return (
    watchers === 0 &&
    entries.length === 0 &&
    !log.load &&
    !log.catchUp &&
    !receipts.pending &&
    !cache.dirty &&
    !cache.flight &&
    cache.rereading === 0
  )
}

export function watch(turn: Turn, id: string): void {
  const conversation = conversationFor(turn, id)
  noteOpened(turn, id)
  put(turn, { ...conversation, watchers: conversation.watchers + 1, usedAt: nextNumber(turn) })
}

export function unwatch(turn: Turn, id: string): void {
  const conversation = conversationOf(turn, id)
  if (conversation) put(turn, { ...conversation, watchers: Math.max(0, conversation.watchers - 1), usedAt: nextNumber(turn) })
}
