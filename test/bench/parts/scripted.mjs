/**
 * A transport without a network. What it says goes as text through the shipped decoder, as over a socket; it answers
 * hello, open, history, inbox and ping from a made-up log of known length.
 */
import { epoch, rowAt, rowsIn, tagOf } from './log.mjs'

const followed = 50
const pageRows = 100

/** `decode`: the shipped decoder; `heads`: how long each log is already; `inboxRows`: how many conversations the list has. */
export function scriptedTransport({ decode, user, heads = {}, inboxRows = 0 }) {
  const logs = new Map(Object.entries(heads))
  const asked = []
  let to = null
  let held = null
  const headOf = (conversation) => logs.get(conversation) ?? 0

  const hear = (text) => {
    const decoded = decode(text)
    if (!decoded.ok) throw new Error(`The bench sent what the client cannot read: ${decoded.reason}`)
    for (const frame of decoded.frames) to.frame(frame)
  }
  const answer = (frame) => {
    const text = answerOf(frame, headOf, { user, inboxRows })
    if (text === null) return
    if (held?.type !== JSON.parse(text).type) return hear(text)
    held.resolve(text)
    held = null
  }

  return {
    transport: {
      name: 'scripted',
      open(events) {
        to = events
        queueMicrotask(() => events.opened())
        return {
          send(frame) {
            asked.push(frame.type)
            queueMicrotask(() => answer(frame))
          },
          close() {},
        }
      },
    },
    hear,
    /** The log now reaches this far; the frames are said by the caller. */
    grew: (conversation, head) => logs.set(conversation, Math.max(head, headOf(conversation))),
    /** The next answer of this type is given to the caller instead, to be heard when the caller says. */
    holdNext: (type) =>
      new Promise((resolve) => {
        held = { type, resolve }
      }),
    /** Types of the frames the client has sent since the last call. */
    asked: () => asked.splice(0),
  }
}

function answerOf(frame, headOf, { user, inboxRows }) {
  const { request, conversation } = frame
  const head = headOf(conversation)
  switch (frame.type) {
    case 'hello':
      return JSON.stringify({
        type: 'welcome',
        version: 1,
        user,
        time: 1_790_000_000_000,
        heartbeatMs: 600_000,
        limits: { followed, window: 8, contentBytes: 32_768, pageRows },
        features: ['dense', 'index', 'idempotent', 'echo', 'after', 'receipts', 'typing', 'inbox'],
      })
    case 'open':
      return JSON.stringify(openedOf(request, conversation, head, frame.position, user))
    case 'history': {
      const { from, to } = rangeOf(frame.anchor, frame.limit, head)
      const rows = rowsIn(conversation, from, to)
      return JSON.stringify({ type: 'page', request, conversation, epoch, asOf: head, from, to, rows, people: [] })
    }
    case 'inbox': {
      const from = Number(frame.cursor ?? 0)
      const to = Math.min(inboxRows, from + 500)
      const rows = Array.from({ length: to - from }, (_, i) => inboxRow(`c${from + i}`, headOf(`c${from + i}`)))
      const prev = frame.cursor === undefined ? {} : { prev: frame.cursor }
      return JSON.stringify({ type: 'inbox', request, ...prev, next: String(to), more: to < inboxRows, rows, gone: [] })
    }
    case 'ping':
      return JSON.stringify({ type: 'pong', n: frame.n, heads: [] })
    default:
      return null
  }
}

function openedOf(request, conversation, head, position, user) {
  const known = position?.epoch === epoch
  const from = known ? position.seq : Math.max(0, head - 50)
  const to = Math.min(head, from + pageRows)
  return {
    type: 'opened',
    request,
    conversation,
    epoch,
    ...(known ? {} : { reset: 'first' }),
    from,
    to,
    tag: head === 0 ? '' : tagOf(to),
    head,
    more: to < head,
    floor: 0,
    hidden: [],
    rows: rowsIn(conversation, from, to),
    own: [],
    profile: { name: conversation },
    memberCount: 8,
    members: [user, 'u0', 'u1', 'u2', 'u3', 'u4', 'u5', 'u6'].map((member) => ({ user: member, joined: 0 })),
    people: [],
    marks: [{ user, delivered: 0, read: 0 }],
    unread: { count: Math.min(100, head), more: head > 100 },
  }
}

function rangeOf(anchor, limit, head) {
  if ('before' in anchor) return { from: Math.max(0, anchor.before - 1 - limit), to: anchor.before - 1 }
  if ('after' in anchor) return { from: anchor.after, to: Math.min(head, anchor.after + limit) }
  const from = Math.max(0, anchor.around - (limit >> 1))
  return { from, to: Math.min(head, from + limit) }
}

function inboxRow(conversation, head) {
  const last = head === 0 ? {} : { last: rowAt(conversation, head) }
  return {
    conversation,
    epoch,
    rev: 1,
    head,
    ...last,
    unread: { count: 0, more: false },
    read: head,
    profile: { name: conversation },
    people: [],
  }
}
