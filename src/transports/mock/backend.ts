/** The mock server's mind: answers client frames and tells every link that follows. Knows nothing of links' failures. */
import type { ClientFrame, InboxRow, Mark, MessageRow, ServerFrame, Welcome } from '../../protocol/frames.js'
import { protocolVersion } from '../../protocol/frames.js'
import { limits } from '../../protocol/limits.js'
import { answerKey, append, changeOf, createLog, type Log, markOf, membersOf, openedOf, pageOf, peopleOf, unreadOf } from './log.js'

/** One link as the server sees it. */
export interface Peer {
  user: string
  readonly follows: Set<string>
  /** The inbox cursor told last; absent until the link asks for its inbox. */
  inboxCursor?: string
  tell(frame: ServerFrame): void
}

export interface Backend {
  readonly peers: Set<Peer>
  hear(peer: Peer, frame: ClientFrame): void
  say(conversation: string, author: string, content: unknown): MessageRow
}

export function createBackend(wall: () => number): Backend {
  const logs = new Map<string, Log>()
  const peers = new Set<Peer>()
  let inboxRev = 0

  function logOf(conversation: string): Log {
    const log = logs.get(conversation) ?? createLog(conversation)
    logs.set(conversation, log)
    return log
  }

  function tellFollowers(conversation: string, frame: ServerFrame) {
    for (const peer of peers) if (peer.follows.has(conversation)) peer.tell(frame)
  }

  function tellInboxes(log: Log) {
    inboxRev++
    for (const peer of peers) {
      if (peer.inboxCursor === undefined) continue
      const prev = peer.inboxCursor
      peer.inboxCursor = `i${inboxRev}`
      peer.tell({ type: 'inbox', prev, next: peer.inboxCursor, more: false, rows: [inboxRow(log, peer.user)], gone: [] })
    }
  }

  function inboxRow(log: Log, user: string): InboxRow {
    return {
      conversation: log.conversation,
      epoch: log.epoch,
      rev: inboxRev,
      head: log.rows.length,
      last: log.rows.at(-1),
      unread: unreadOf(log, user),
      read: markOf(log, user).read,
      profile: {},
      people: peopleOf(membersOf(log, user)),
    }
  }

  function post(log: Log, message: { author: string; content: unknown; localId?: string }): MessageRow {
    const row = append(log, { ...message, at: wall() })
    tellFollowers(log.conversation, changeOf(log, row))
    tellInboxes(log)
    return row
  }

  function operate(peer: Peer, { conversation, localId, try: count, after, operation }: ClientFrame & { type: 'operation' }) {
    const log = logOf(conversation)
    const key = answerKey(peer.user, localId)
    const reject = (code: string, final: boolean) => peer.tell({ type: 'reject', conversation, localId, try: count, code, final })
    if (!log.answers.has(key)) {
      if (after !== undefined && !log.answers.has(answerKey(peer.user, after))) return reject('out-of-order', false)
      if (operation.kind === 'unknown') return reject('unsupported', true)
      if (operation.kind === 'send') post(log, { author: peer.user, content: operation.content, localId })
      else log.answers.set(key, null)
    }
    const message = log.answers.get(key) ?? undefined
    peer.tell({ type: 'ack', conversation, localId, epoch: log.epoch, seq: message?.seq, message })
  }

  function raiseMarks(peer: Peer, { conversation, epoch, delivered = 0, read = 0 }: ClientFrame & { type: 'receipt' }) {
    const log = logOf(conversation)
    if (epoch !== log.epoch) return
    const old = markOf(log, peer.user)
    const readTo = Math.min(Math.max(old.read, read), log.rows.length)
    const mark: Mark = { user: peer.user, read: readTo, delivered: Math.min(Math.max(old.delivered, delivered, readTo), log.rows.length) }
    log.marks.set(peer.user, mark)
    tellFollowers(conversation, { type: 'marks', conversation, epoch, marks: [mark] })
    tellInboxes(log)
  }

  function typing(peer: Peer, conversation: string, on: boolean) {
    for (const other of peers) {
      if (other !== peer && other.follows.has(conversation)) other.tell({ type: 'typing', conversation, user: peer.user, on })
    }
  }

  function hear(peer: Peer, frame: ClientFrame) {
    switch (frame.type) {
      case 'hello':
        peer.user = frame.user
        return peer.tell(welcome(frame.user, wall()))
      case 'open':
        peer.follows.add(frame.conversation)
        return peer.tell(openedOf(logOf(frame.conversation), peer.user, frame.request, frame.position))
      case 'unfollow':
        peer.follows.delete(frame.conversation)
        return
      case 'history':
        return peer.tell(pageOf(logOf(frame.conversation), frame))
      case 'operation':
        return operate(peer, frame)
      case 'receipt':
        return raiseMarks(peer, frame)
      case 'typing':
        return typing(peer, frame.conversation, frame.on)
      case 'inbox': {
        peer.inboxCursor = `i${inboxRev}`
        const rows = Array.from(logs.values(), (log) => inboxRow(log, peer.user))
        return peer.tell({ type: 'inbox', request: frame.request, next: peer.inboxCursor, more: false, rows, gone: [] })
      }
      case 'ping': {
        const heads = Array.from(peer.follows, logOf).map(({ conversation, epoch, rows }) => ({ conversation, epoch, seq: rows.length }))
        return peer.tell({ type: 'pong', n: frame.n, heads })
      }
    }
  }

  return { peers, hear, say: (conversation, author, content) => post(logOf(conversation), { author, content }) }
}

function welcome(user: string, time: number): Welcome {
  const { followed, window, contentBytes, pageRows } = limits
  return {
    type: 'welcome',
    version: protocolVersion,
    user,
    time,
    heartbeatMs: 25_000,
    limits: { followed, window, contentBytes, pageRows },
    features: ['dense', 'index', 'idempotent', 'echo', 'after', 'receipts', 'typing', 'inbox'],
  }
}
