/**
 * The core: `step(state, event, env)` gives the next state and the effects. It routes events to the slices; every rule
 * lives in its slice. Nothing here or below reads a clock, draws chance or waits.
 */
import { aheadTick } from './ahead.js'
import { diskMoved, diskRead, lanesClaimed, outboxCommitFailed, outboxCommitted, readFreed } from './cache/disk.js'
import { openDisk } from './cache/disk-queue.js'
import { restored } from './cache/restore.js'
import { cacheCommitFailed, cacheCommitted } from './cache/write-behind.js'
import { conversationFor, watch } from './conversations.js'
import type { CoreEvent, Effect, Env, Signal } from './event.js'
import { inboxTick } from './inbox/inbox.js'
import { restoreInbox } from './inbox/stored.js'
import { linkEvent } from './link-event.js'
import { discard, retry, send } from './outbox/outbox.js'
import { ackDeadlines } from './outbox/settle.js'
import { markRead, markUnread } from './receipts.js'
import { close, connect, sessionSignal, sessionTick } from './session.js'
import { settleTurn } from './settle-turn.js'
import type { ChatState } from './state.js'
import { diskPage, endLoad, jump, loadDeadline, loadMore } from './timeline/history.js'
import { beginTurn, type Draft, draftOf, endTurn, type Turn, warn } from './turn.js'
import { setTyping, typingTick } from './typing.js'

export function step(state: ChatState, event: CoreEvent, env: Env): readonly [ChatState, readonly Effect[]] {
  const turn = beginTurn(state, env)
  if (state.session.phase !== 'closed') route(turn, event)
  settleTurn(turn)
  return [endTurn(turn), turn.effects]
}

function route(turn: Turn, event: CoreEvent): void {
  switch (event.kind) {
    case 'link-opened':
    case 'link-frames':
    case 'link-closed':
      // What is shown ahead may come between links too, by the last.
      if (event.link === turn.session.link) linkEvent(turn, event)
      return
    case 'disk-rows':
    case 'disk-unreadable':
      return diskRows(turn, event)
    case 'tick':
      return tick(turn)
    case 'signal':
      return signalled(turn, event.signal)
    case 'disk-state':
      turn.storage = event.state
      if (event.state.reason !== undefined) diskMoved(turn)
      return
    case 'lanes-claimed':
      return lanesClaimed(turn, event.lanes)
    case 'committed':
      outboxCommitted(turn, event.commit)
      cacheCommitted(turn, event.commit)
      return readFreed(turn)
    case 'commit-failed':
      outboxCommitFailed(turn, event.commit, event.code)
      return cacheCommitFailed(turn, event.commit, event.code, event.key)
    case 'connect':
      openDisk(turn)
      return connect(turn)
    case 'open-disk':
      return openDisk(turn)
    case 'close':
      turn.disk.notBeforeMs = 0
      return close(turn)
    default:
      return command(turn, event, conversationFor(turn, event.conversation))
  }
}

type Command = Extract<CoreEvent, { readonly conversation: string }>

function command(turn: Turn, event: Command, c: Draft): void {
  switch (event.kind) {
    case 'watch':
      return watch(turn, c, 1)
    case 'unwatch':
      return watch(turn, c, -1)
    case 'send':
      return send(turn, c, event.localId, event.content, event.bytes)
    case 'retry':
      return retry(turn, c, event.localId)
    case 'discard':
      return discard(turn, c, event.localId)
    case 'mark-read':
      return markRead(turn, c)
    case 'mark-unread':
      return markUnread(turn, c, event.seq)
    case 'set-typing':
      return setTyping(turn, c, event.on)
    case 'load':
      return loadMore(turn, c, event.call, event.way, event.limit)
    case 'jump':
      return jump(turn, c, event.call, event.seq)
    case 'jump-latest':
      // What is on its way is no longer wanted, but for what stands before the newest: it would lead away again, or continues nothing.
      if (c.log.view || c.log.load?.way !== 'older') endLoad(turn, c)
      c.log.view = null
  }
}

function signalled(turn: Turn, signal: Signal): void {
  if (signal === 'visible' || signal === 'hidden') turn.visible = signal === 'visible'
  // The page is going away or to sleep: write now.
  if (signal === 'hidden') turn.disk.cacheNotBeforeMs = 0
  sessionSignal(turn, signal)
}

/** Each read is answered to the one that asked. */
function diskRows(turn: Turn, event: Extract<CoreEvent, { readonly ask: number }>): void {
  const { ask, kind } = event
  const rows = kind === 'disk-rows' ? event.rows : []
  if (ask === turn.disk.ask) {
    if (kind === 'disk-unreadable') warn(turn, 'The outbox was not read; it is sent from memory.', {})
    restoreInbox(turn, rows)
    return diskRead(turn, kind === 'disk-rows' ? rows : undefined)
  }
  for (const { id, cache, log } of turn.conversations) {
    if (log.load?.id === ask) return diskPage(turn, draftOf(turn, id) as Draft, log.load, rows)
    if (cache.rereading === ask) return restored(turn, draftOf(turn, id) as Draft, rows)
  }
}

function tick(turn: Turn): void {
  sessionTick(turn)
  inboxTick(turn)
  for (const { id, wakeAtMs } of turn.before.conversations) {
    const c = wakeAtMs <= turn.nowMs && draftOf(turn, id)
    if (!c) continue
    ackDeadlines(turn, c)
    loadDeadline(turn, c)
    typingTick(turn, c)
    aheadTick(turn, c)
  }
}
