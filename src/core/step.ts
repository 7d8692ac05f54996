/**
 * The core: `step(state, event, env)` gives the next state and the effects. It routes events to the slices and couples
 * them; every rule lives in its slice. Nothing here or below reads a clock, draws chance or waits.
 */
import type { ChangeFrame, ServerFrame } from '../protocol/frames.js'
import { cacheCommitFailed, cacheCommitted, cacheWakeAt, commitCache, writeSoon } from './cache/write-behind.js'
import {
  commitOutbox,
  diskMoved,
  diskRead,
  diskUnreadable,
  diskWakeAt,
  lanesClaimed,
  outboxCommitFailed,
  outboxCommitted,
} from './cache/disk.js'
import { openDisk } from './cache/disk-queue.js'
import { restored } from './cache/restore.js'
import { conversationFor, unwatch, watch } from './conversations.js'
import { copyConversation, copyDisk, copyInbox, evened } from './copies.js'
import type { CoreEvent, Effect, Env, Signal } from './event.js'
import { askInbox, inboxFailed, inboxFollows, inboxFrame, inboxLinkLost, inboxTick, inboxWakeAt } from './inbox/inbox.js'
import { restoreInbox, storeInbox, storeInboxAt } from './inbox/stored.js'
import { gone } from './membership.js'
import { flush, flushWakeAt, linkLost } from './outbox/flush.js'
import { shareRoom } from './outbox/in-flight.js'
import { discard, retry, send } from './outbox/outbox.js'
import { acked, ackDeadlines, rejected } from './outbox/settle.js'
import { learnPeople } from './people.js'
import { markRead, mergeMarks, tellReceipts } from './receipts.js'
import {
  close,
  connect,
  greet,
  heardFrom,
  leave,
  linkOf,
  sessionFrame,
  sessionSignal,
  sessionTick,
  sessionWakeAt,
  welcomed,
} from './session.js'
import type { ChatState, ConversationState } from './state.js'
import { admitLive } from './timeline/admit.js'
import { catchUpDeadline, catchUpWakeAt, ensureCaughtUp, failedCatchUp, opened, unfollowed } from './timeline/catch-up.js'
import { heard } from './timeline/live.js'
import { abandonLoad, diskPage, failedLoad, jump, jumpLatest, loadDeadline, loadMore, loadWakeAt, page } from './timeline/history.js'
import { beginTurn, conversationOf, onlineLink, put, type Turn } from './turn.js'
import { heardTyping, setTyping, typingTick, typingWakeAt } from './typing.js'

export function step(state: ChatState, event: CoreEvent, env: Env): readonly [ChatState, readonly Effect[]] {
  const turn = beginTurn(state, env)
  route(turn, event)
  settleTurn(turn)
  return [turn.state, turn.effects]
}

function route(turn: Turn, event: CoreEvent): void {
  if (turn.state.session.phase === 'closed') return
  switch (event.kind) {
    case 'tick':
      return tick(turn)
    case 'signal':
      return signalled(turn, event.signal)
    case 'link-opened':
    case 'link-frames':
    case 'link-closed':
      return event.link === linkOf(turn.state.session) ? linkEvent(turn, event) : undefined
    case 'disk-state':
      turn.state.storage = event.state
      return event.state.reason === undefined ? undefined : diskMoved(turn)
    case 'disk-rows':
    case 'disk-unreadable':
    case 'lanes-claimed':
    case 'committed':
    case 'commit-failed':
      return diskEvent(turn, event)
    case 'connect':
      openDisk(turn)
      return connect(turn)
    case 'open-disk':
      return openDisk(turn)
    case 'close':
      return close(turn)
    case 'watch':
      return watch(turn, event.conversation)
    case 'unwatch':
      return unwatch(turn, event.conversation)
    default:
      return command(turn, event, conversationFor(turn, event.conversation))
  }
}

type Command = Extract<CoreEvent, { kind: 'send' | 'retry' | 'discard' | 'mark-read' | 'set-typing' | 'load' | 'jump' | 'jump-latest' }>

function command(turn: Turn, event: Command, conversation: ConversationState): void {
  switch (event.kind) {
    case 'send':
      return send(turn, conversation, event.localId, event.content, event.bytes)
    case 'retry':
      retry(turn, conversation, event.localId)
      return
    case 'discard':
      discard(turn, conversation, event.localId)
      return
    case 'mark-read':
      return markRead(turn, conversation)
    case 'set-typing':
      return setTyping(turn, conversation, event.on)
    case 'load':
      return loadMore(turn, conversation, event.call, event.way, event.limit)
    case 'jump':
      return jump(turn, conversation, event.call, event.seq)
    case 'jump-latest':
      return jumpLatest(turn, conversation)
  }
}

function signalled(turn: Turn, signal: Signal): void {
  if (signal === 'visible' || signal === 'hidden') turn.state.visible = signal === 'visible'
  if (signal === 'hidden') writeSoon(turn)
  sessionSignal(turn, signal)
}

type LinkEvent = Extract<CoreEvent, { kind: 'link-opened' | 'link-frames' | 'link-closed' }>

function linkEvent(turn: Turn, event: LinkEvent): void {
  if (event.kind === 'link-opened') return greet(turn)
  if (event.kind === 'link-closed') return leave(turn, event.why, false)
  heardFrom(turn)
  const { frames } = event
  for (let i = 0; i < frames.length; i++) {
    const frame = frames[i] as ServerFrame
    // Changes of one conversation in a row are admitted together: its rows are copied once (R33).
    if (frame.type === 'change') {
      const run: ChangeFrame[] = [frame]
      for (let next = frames[i + 1]; next?.type === 'change' && next.conversation === frame.conversation; next = frames[i + 1]) {
        run.push(next)
        i += 1
      }
      const conversation = conversationOf(turn, frame.conversation)
      if (conversation && onlineLink(turn) !== 0) admitLive(turn, conversation, run)
    } else receive(turn, frame)
  }
}

function receive(turn: Turn, frame: Exclude<ServerFrame, ChangeFrame>): void {
  if (frame.type === 'welcome') return welcomed(turn, frame) ? cameOnline(turn) : undefined
  const heads = sessionFrame(turn, frame)
  if (onlineLink(turn) === 0) return
  for (const { conversation: id, epoch, seq } of heads) {
    const conversation = conversationOf(turn, id)
    if (conversation && conversation.log.epoch === epoch) heard(turn, conversation, seq)
    else if (conversation && conversation.log.epoch !== '') unfollowed(turn, conversation)
  }
  switch (frame.type) {
    case 'opened':
      return opened(turn, frame)
    case 'page':
      return page(turn, frame)
    case 'ack':
      return acked(turn, frame)
    case 'reject':
      return rejected(turn, frame)
    case 'failed':
      return requestFailed(turn, frame.request, frame.code, frame.retryAfterMs ?? 0)
    case 'inbox':
      return inboxFrame(turn, frame)
    case 'people':
      return learnPeople(turn, frame.people)
    case 'left':
    case 'marks':
    case 'typing':
      return ofConversation(turn, frame, conversationOf(turn, frame.conversation))
    default:
      return
  }
}

type ConversationFrame = Extract<ServerFrame, { type: 'left' | 'marks' | 'typing' }>

function ofConversation(turn: Turn, frame: ConversationFrame, conversation: ConversationState | undefined): void {
  if (!conversation) return
  if (frame.type === 'left') gone(turn, conversation, frame.why)
  else if (frame.type === 'marks') mergeMarks(turn, conversation, frame.epoch, frame.marks)
  else heardTyping(turn, conversation, frame.user, frame.on)
}

/** An `open` of a conversation that is not there (any more) ends it (R27); everything else is asked again. */
function requestFailed(turn: Turn, request: number, code: string, retryAfterMs: number): void {
  const conversation = turn.state.conversations.find((each) => each.log.catchUp?.request === request)
  if (conversation && code === 'not-found') return gone(turn, conversation, code)
  if (!failedCatchUp(turn, request, retryAfterMs) && !failedLoad(turn, request, code)) inboxFailed(turn, request, retryAfterMs)
}

function cameOnline(turn: Turn): void {
  askInbox(turn)
  for (let slot = 0; slot < turn.state.conversations.length; slot++) turn.touched.add(slot)
}

type DiskEvent = Extract<CoreEvent, { kind: 'disk-rows' | 'disk-unreadable' | 'lanes-claimed' | 'committed' | 'commit-failed' }>

function diskEvent(turn: Turn, event: DiskEvent): void {
  if (turn.state.disk.phase === 'fenced') return
  if (event.kind === 'lanes-claimed') return lanesClaimed(turn, event.lanes)
  if (event.kind === 'committed') return outboxCommitted(turn, event.commit) ? undefined : cacheCommitted(turn, event.commit)
  if (event.kind === 'commit-failed') {
    if (!outboxCommitFailed(turn, event.commit, event.code)) cacheCommitFailed(turn, event.commit, event.code, event.key)
    return
  }
  const rows = event.kind === 'disk-rows' ? event.rows : []
  if (event.ask === turn.state.disk.ask) {
    restoreInbox(turn, rows)
    return event.kind === 'disk-rows' ? diskRead(turn, rows) : diskUnreadable(turn)
  }
  for (const conversation of turn.state.conversations) {
    const { load } = conversation.log
    if (conversation.cache.rereading === event.ask) return restored(turn, conversation, rows)
    if (load?.source === 'disk' && load.id === event.ask) return diskPage(turn, conversation, load, rows)
  }
}

function tick(turn: Turn): void {
  sessionTick(turn)
  inboxTick(turn)
  for (const { id, wakeAtMs } of turn.before.conversations) {
    if (wakeAtMs > turn.env.nowMs) continue
    for (const look of [ackDeadlines, catchUpDeadline, loadDeadline, typingTick]) {
      const conversation = conversationOf(turn, id)
      if (conversation) look(turn, conversation)
    }
    const slot = turn.state.slots.get(id)
    if (slot !== undefined) turn.touched.add(slot)
  }
}

/** What follows from the turn: link lost or live, catch-ups, the queue, receipts, commits, the next deadline. */
function settleTurn(turn: Turn): void {
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
