/** The mock server's mind: answers client frames and tells every link that follows. Knows nothing of links' failures. */
import type { ClientFrame, InboxRow, Mark, MessageRow, ServerFrame, Welcome } from '../../protocol/frames.js'
import { protocolVersion } from '../../protocol/frames.js'
import * as limits from '../../protocol/limits.js'
import { serverLimits } from '../../protocol/server-limits.js'
import {
  answerKey,
  append,
  changeOf,
  createLog,
  type Log,
  markOf,
  membersOf,
  openedOf,
  pageOf,
  peopleOf,
  shownTo,
  unreadOf,
} from './log.js'

/** One link as the server sees it. */
export interface Peer {
  user: string
  readonly follows: Set<string>
  /** The inbox cursor told last; absent until the link asks for its inbox. */
  inboxCursor?: string
  tell(frame: ServerFrame): void
}

export interface Backend {
  hear(peer: Peer, frame: ClientFrame): void
  leave(peer: Peer): void
  say(conversation: string, author: string, content: unknown): MessageRow
}

interface World {
  readonly logs: Map<string, Log>
  /** Those that said hello. */
  readonly peers: Set<Peer>
  readonly wall: () => number
  /** Rises with every change of any inbox row. */
  inboxRev: number
}

export function createBackend(wall: () => number): Backend {
  const world: World = { logs: new Map(), peers: new Set(), wall, inboxRev: 0 }
  return {
    hear: (peer, frame) => hear(world, peer, frame),
    leave: (peer) => world.peers.delete(peer),
    say: (conversation, author, content) => post(world, logOf(world, conversation), { author, content }),
  }
}

function hear(world: World, peer: Peer, frame: ClientFrame): void {
  switch (frame.type) {
    case 'hello':
      peer.user = frame.user
      world.peers.add(peer)
      return peer.tell(welcome(frame.user, world.wall()))
    case 'open':
      peer.follows.add(frame.conversation)
      return peer.tell(openedOf(logOf(world, frame.conversation), peer.user, frame.request, frame.position))
    case 'unfollow':
      peer.follows.delete(frame.conversation)
      return
    case 'history':
      return peer.tell(pageOf(logOf(world, frame.conversation), frame))
    case 'operation':
      return operate(world, peer, frame)
    case 'receipt':
      return raiseMarks(world, peer, frame)
    case 'typing':
      return tellFollowers(world, frame.conversation, () => ({ ...frame, user: peer.user }), peer)
    case 'inbox': {
      peer.inboxCursor = `i${world.inboxRev}`
      const rows = [...world.logs.values()].map((log) => inboxRow(world, log, peer.user))
      return peer.tell({ type: 'inbox', request: frame.request, next: peer.inboxCursor, more: false, rows, gone: [] })
    }
    case 'ping':
      return peer.tell({ type: 'pong', n: frame.n, heads: [...peer.follows].map((followed) => headOf(logOf(world, followed))) })
  }
}

function operate(world: World, peer: Peer, { conversation, localId, try: count, after, operation }: ClientFrame & { type: 'operation' }) {
  const log = logOf(world, conversation)
  const key = answerKey(peer.user, localId)
  const reject = (code: string, final: boolean) => peer.tell({ type: 'reject', conversation, localId, try: count, code, final })
  if (!log.answers.has(key)) {
    if (after && !log.answers.has(answerKey(peer.user, after))) return reject('out-of-order', false)
    if (operation.kind === 'unknown') return reject('unsupported', true)
    if (operation.kind === 'send') post(world, log, { author: peer.user, content: operation.content, localId })
    else log.answers.set(key, null)
  }
  const message = log.answers.get(key) ?? undefined
  peer.tell({ type: 'ack', conversation, localId, epoch: log.epoch, seq: message?.seq, message })
}

function post(world: World, log: Log, message: { author: string; content: unknown; localId?: string }): MessageRow {
  const row = append(log, { ...message, at: world.wall() })
  tellFollowers(world, log.conversation, () => changeOf(log, row))
  tellInboxes(world, log)
  return row
}

function raiseMarks(world: World, peer: Peer, { conversation, epoch, delivered = 0, read = 0, marked }: ClientFrame & { type: 'receipt' }) {
  const log = logOf(world, conversation)
  if (epoch !== log.epoch) return
  const old = markOf(log, peer.user)
  const head = log.rows.length
  const readTo = Math.min(Math.max(old.read, read), head)
  const mark: Mark = {
    user: peer.user,
    read: readTo,
    delivered: Math.min(Math.max(old.delivered, delivered, readTo), head),
    marked: marked && marked.rev > (old.marked?.rev ?? 0) ? { at: Math.min(marked.at, head), rev: marked.rev } : old.marked,
  }
  log.marks.set(peer.user, mark)
  tellFollowers(world, conversation, ({ user }) => ({ type: 'marks', conversation, epoch, marks: [shownTo(mark, user)] }))
  tellInboxes(world, log)
}

function tellFollowers(world: World, conversation: string, frameFor: (peer: Peer) => ServerFrame, but?: Peer) {
  for (const peer of world.peers) if (peer !== but && peer.follows.has(conversation)) peer.tell(frameFor(peer))
}

function tellInboxes(world: World, log: Log) {
  world.inboxRev++
  for (const peer of world.peers) {
    const prev = peer.inboxCursor
    if (!prev) continue
    peer.inboxCursor = `i${world.inboxRev}`
    peer.tell({ type: 'inbox', prev, next: peer.inboxCursor, more: false, rows: [inboxRow(world, log, peer.user)], gone: [] })
  }
}

function inboxRow(world: World, log: Log, user: string): InboxRow {
  const { conversation, epoch, rows } = log
  const people = peopleOf(membersOf(log, user))
  const { read } = markOf(log, user)
  const unread = unreadOf(log, user)
  return { conversation, epoch, rev: world.inboxRev, head: rows.length, last: rows.at(-1), unread, read, profile: {}, people }
}

function logOf(world: World, conversation: string): Log {
  const log = world.logs.get(conversation) ?? createLog(conversation)
  world.logs.set(conversation, log)
  return log
}

const headOf = ({ conversation, epoch, rows }: Log) => ({ conversation, epoch, seq: rows.length })

function welcome(user: string, time: number): Welcome {
  const { followed, contentBytes, pageRows } = limits
  return {
    type: 'welcome',
    version: protocolVersion,
    user,
    time,
    heartbeatMs: 25_000,
    limits: { followed, window: serverLimits.socketWindow, contentBytes, pageRows },
    features: ['dense', 'index', 'idempotent', 'echo', 'after', 'receipts', 'typing', 'inbox'],
  }
}
