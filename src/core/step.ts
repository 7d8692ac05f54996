/**
 * The core: `step(state, event, env)` gives the next state and the effects. It routes events to the slices; every rule
 * lives in its slice. Nothing here or below reads a clock, draws chance or waits.
 */
import { cacheCommitFailed, cacheCommitted, writeSoon } from './cache/write-behind.js'
import { diskMoved, diskRead, diskUnreadable, lanesClaimed, outboxCommitFailed, outboxCommitted } from './cache/disk.js'
import { openDisk } from './cache/disk-queue.js'
import { restored } from './cache/restore.js'
import { conversationFor, unwatch, watch } from './conversations.js'
import type { CoreEvent, Effect, Env, Signal } from './event.js'
import { inboxTick } from './inbox/inbox.js'
import { restoreInbox } from './inbox/stored.js'
import { discard, retry, send } from './outbox/outbox.js'
import { ackDeadlines } from './outbox/settle.js'
import { markRead } from './receipts.js'
import { close, connect, linkOf, sessionSignal, sessionTick } from './session.js'
import type { ChatState, ConversationState } from './state.js'
import { catchUpDeadline } from './timeline/catch-up.js'
import { diskPage, jump, jumpLatest, loadDeadline, loadMore } from './timeline/history.js'
import { beginTurn, conversationOf, type Turn } from './turn.js'
import { setTyping, typingTick } from './typing.js'

import { linkEvent } from './link-event.js'
import { settleTurn } from './settle-turn.js'

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
