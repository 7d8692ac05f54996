/** The end of every turn: what follows from it for conversations, disk and link, and the next deadline. */
import { cacheWakeAt, commitCache } from './cache/write-behind.js'
import { commitOutbox, diskWakeAt } from './cache/disk.js'
import { copyConversation, copyDisk, copyInbox, evened } from './copies.js'
import { inboxFollows, inboxLinkLost, inboxWakeAt } from './inbox/inbox.js'
import { storeInbox, storeInboxAt } from './inbox/stored.js'
import { flush, flushWakeAt, linkLost } from './outbox/flush.js'
import { shareRoom } from './outbox/in-flight.js'
import { tellReceipts } from './receipts.js'
import { close, sessionWakeAt } from './session.js'
import type { ChatState, ConversationState } from './state.js'
import { catchUpWakeAt, ensureCaughtUp, unfollowed } from './timeline/catch-up.js'
import { abandonLoad, loadWakeAt } from './timeline/history.js'
import { conversationOf, onlineLink, put, type Turn } from './turn.js'
import { typingWakeAt } from './typing.js'

/** What follows from the turn: link lost or live, catch-ups, the queue, receipts, commits, the next deadline. */
export function settleTurn(turn: Turn): void {
  const link = onlineLink(turn)
  if (turn.state.disk.phase === 'fenced' && turn.state.session.phase !== 'closed') close(turn)
  if (linkWas(turn.before) !== 0 && link !== linkWas(turn.before)) loseLink(turn)
  const ready = turn.state.disk.phase === 'ready' && turn.before.disk.phase !== 'ready'
  if (ready) for (let slot = 0; slot < turn.state.conversations.length; slot++) turn.touched.add(slot)
  shareRoom(turn)
  for (const slot of turn.touched) {
    for (const look of [ensureCaughtUp, flush, tellReceipts, inboxFollows]) {
      const conversation = turn.state.conversations[slot]
      if (conversation) look(turn, conversation)
    }
  }
  commitOutbox(turn)
  commitCache(turn)
  storeInbox(turn)
  for (const slot of turn.touched) {
    const conversation = turn.state.conversations[slot]
    if (conversation) setWake(turn, conversation)
  }
  evenOut(turn)
  if (turn.frames.length > 0 && link !== 0) turn.effects.push({ kind: 'transmit', link, frames: turn.frames })
  turn.state.wakeAtMs = wakeAt(turn)
}

/** What stands between two turns has one shape, however it was made. */
function evenOut(turn: Turn): void {
  const { before } = turn
  if (turn.state.disk !== before.disk) turn.state.disk = copyDisk(turn.state.disk)
  if (turn.state.inbox !== before.inbox) turn.state.inbox = copyInbox(turn.state.inbox)
  if (turn.state.conversations === before.conversations) return
  for (const slot of turn.touched) {
    const now = turn.state.conversations[slot]
    const was = now && before.conversations[before.slots.get(now.id) ?? -1]
    if (now && now !== was) put(turn, evened(now, was))
  }
}

function linkWas(state: ChatState): number {
  return state.session.phase === 'online' ? state.session.link : 0
}

function loseLink(turn: Turn): void {
  inboxLinkLost(turn)
  for (const { id } of turn.before.conversations) {
    for (const look of [unfollowed, linkLost, abandonLoad]) {
      const conversation = conversationOf(turn, id)
      if (conversation) look(turn, conversation)
    }
  }
}

function setWake(turn: Turn, conversation: ConversationState): void {
  const wakeAtMs = Math.min(
    flushWakeAt(conversation, turn.env.nowMs),
    catchUpWakeAt(turn, conversation),
    loadWakeAt(conversation),
    typingWakeAt(conversation),
  )
  if (wakeAtMs === conversation.wakeAtMs) return
  const next = copyConversation(conversation)
  next.wakeAtMs = wakeAtMs
  put(turn, next)
}

/** The earliest deadline of all: the shell keeps one timer for it. */
function wakeAt(turn: Turn): number {
  if (turn.state.session.phase === 'closed') return Number.POSITIVE_INFINITY
  let earliest = Math.min(
    sessionWakeAt(turn.state.session),
    inboxWakeAt(turn.state.inbox),
    diskWakeAt(turn),
    cacheWakeAt(turn),
    storeInboxAt(turn),
  )
  for (const { wakeAtMs } of turn.state.conversations) earliest = Math.min(earliest, wakeAtMs)
  return earliest
}
