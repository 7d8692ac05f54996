/** The end of every turn: what follows from it for conversations, disk and link, and the next deadline. */
import { aheadWakeAt } from './ahead.js'
import { commitOutbox, diskWakeAt } from './cache/disk.js'
import { commitCache } from './cache/write-behind.js'
import { makeRoom } from './conversations.js'
import { inboxFollows, inboxLinkLost } from './inbox/inbox.js'
import { storeInbox, storeInboxAt } from './inbox/stored.js'
import { strand } from './membership.js'
import { flush, flushWakeAt, isUnanswered, requeue, shareRoom } from './outbox/flush.js'
import { receiptsWakeAt, tellReceipts } from './receipts.js'
import { sessionWakeAt } from './session.js'
import { catchUpWakeAt, ensureCaughtUp, touchWaiting, unfollowed } from './timeline/catch-up.js'
import { admitPage, endLoad } from './timeline/history.js'
import { never } from './timing.js'
import { drafts, onlineLink, type Turn } from './turn.js'
import { typingWakeAt } from './typing.js'

export function settleTurn(turn: Turn): void {
  const { before, touched } = turn
  const link = onlineLink(turn)
  const linkWas = onlineLink(before)
  if (linkWas && link !== linkWas) loseLink(turn)
  shareRoom(turn)
  makeRoom(turn)
  touchWaiting(turn)
  for (const c of touched) {
    admitPage(turn, c)
    ensureCaughtUp(turn, c)
    strand(turn, c)
    flush(turn, c)
    tellReceipts(turn, c)
    inboxFollows(turn, c)
  }
  commitOutbox(turn)
  const cacheAtMs = commitCache(turn)
  storeInbox(turn)
  for (const c of touched)
    c.wakeAtMs = Math.min(
      flushWakeAt(c, turn.nowMs),
      catchUpWakeAt(turn, c),
      c.log.load?.deadlineMs ?? never,
      typingWakeAt(c),
      aheadWakeAt(c),
      receiptsWakeAt(turn, c),
    )
  if (turn.frames.length > 0 && link) turn.effects.push({ kind: 'transmit', frames: turn.frames })
  turn.wakeAtMs = wakeAt(turn, cacheAtMs)
}

function loseLink(turn: Turn): void {
  inboxLinkLost(turn)
  for (const c of drafts(turn)) {
    unfollowed(c)
    // A backup restored meanwhile may know of no leaving, and no cursor of the list says how this one heard of it.
    if (c.log.state === 'gone') turn.inbox.cursor = ''
    // Everything in flight waits for the next link, of unknown fate; so does what this one brought no answer to.
    requeue(c, isUnanswered)
    if (c.log.load?.source === 'network') endLoad(turn, c, 'offline')
  }
}

/** The earliest deadline of all: the shell keeps one timer for it. */
function wakeAt(turn: Turn, cacheAtMs: number): number {
  const { session, inbox, conversations } = turn
  if (session.phase === 'closed') return never
  let earliest = Math.min(sessionWakeAt(session), inbox.dueAtMs, diskWakeAt(turn), cacheAtMs, storeInboxAt(turn))
  for (const { wakeAtMs } of conversations) if (wakeAtMs < earliest) earliest = wakeAtMs
  return earliest
}
