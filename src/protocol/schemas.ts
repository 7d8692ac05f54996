/**
 * The definition of every frame, in both directions, as zod schemas. The server reads its input by them and the tests hold
 * the client's guards (`server-frames.ts`) and the written types (`frames.ts`) equal to them. No client bundle may import this.
 */
import * as z from 'zod'
import type { ErrorCode } from './codes.js'
import type { ResetReason } from './frames.js'
import * as limits from './limits.js'
import { serverLimits } from './server-limits.js'

/** In UTF-16 units, as the guards count them. The library's own limit counts code points, and throws at objects with an odd `length`. */
const text = (maxUnits: number) => z.string().refine((value) => value.length <= maxUnits)
/** The tag of the log's beginning is empty; no id is. */
const tag = text(limits.idChars).refine(isWellFormed)
const id = tag.refine((value) => value !== '')
const cursor = text(limits.cursorChars)
const count = z.int().min(0)
const time = z.number().min(0).max(Number.MAX_SAFE_INTEGER)
const list = <T extends z.ZodType>(item: T) => z.array(item)
/** Any object that is not a list; kept as it is. */
const profile = z.custom<Record<string, unknown>>((value) => typeof value === 'object' && value !== null && !Array.isArray(value))
/** Any JSON; it must be there. */
const present = z.unknown().refine((value): boolean => value !== undefined)
/** A word from a list that newer peers may extend. */
const openWord = <Known extends string>() => id as unknown as z.ZodType<Known | (string & {})>

function isWellFormed(text: string): boolean {
  return !/\p{Surrogate}/u.test(text)
}

/** A part not known here: kept whole, so that it survives being written again. */
const asUnknown = (raw: unknown): { kind: 'unknown'; raw: unknown } => ({ kind: 'unknown', raw })

const position = z.object({ epoch: id, seq: count, tag })

const messageRow = z.object({
  id,
  seq: count,
  index: count,
  rev: count,
  at: time,
  author: id,
  localId: id.optional(),
  content: z.unknown().optional(),
  deleted: z.literal(true).optional(),
})

const person = z.object({ user: id, profile })
const member = z.object({ user: id, joined: count })
const marked = z.object({ at: count, rev: count })
const mark = z.object({ user: id, delivered: count, read: count, marked: marked.optional() })
const hidden = z.object({ from: count, to: count, messages: count })
const own = z.object({ localId: id, seq: count })
const unread = z.object({ count, more: z.boolean() })
const head = z.object({ conversation: id, epoch: id, seq: count })

const inboxRow = z.object({
  conversation: id,
  epoch: id,
  rev: count,
  head: count,
  last: messageRow.optional(),
  unread,
  read: count,
  profile,
  people: list(person),
})

const knownChange = z.union([
  z.object({ kind: z.literal('message'), message: messageRow }),
  z.object({ kind: z.literal('member'), user: id, joined: z.boolean() }),
  z.object({ kind: z.literal('profile'), profile }),
  z.object({ kind: z.literal('unknown'), raw: present }),
])

/** Whatever is not a known change keeps its place as `unknown` (R10). */
const change = z.union([knownChange, present.transform(asUnknown)])

const welcome = z.object({
  type: z.literal('welcome'),
  version: count,
  user: id,
  tenant: id.optional(),
  time,
  heartbeatMs: time,
  limits: z.object({ followed: count, window: count, contentBytes: count, pageRows: count }),
  features: list(id),
})

const opened = z.object({
  type: z.literal('opened'),
  request: count,
  conversation: id,
  epoch: id,
  reset: openWord<ResetReason>().optional(),
  from: count,
  to: count,
  tag,
  head: count,
  more: z.boolean(),
  floor: count,
  hidden: list(hidden),
  rows: list(messageRow),
  own: list(own),
  profile,
  memberCount: count,
  members: list(member),
  people: list(person),
  marks: list(mark),
  unread,
})

const page = z.object({
  type: z.literal('page'),
  request: count,
  conversation: id,
  epoch: id,
  asOf: count,
  from: count,
  to: count,
  rows: list(messageRow),
  people: list(person),
})

const changeFrame = z.object({
  type: z.literal('change'),
  conversation: id,
  epoch: id,
  seq: count,
  tag: id,
  change,
  people: list(person).optional(),
})

const reject = z.object({
  type: z.literal('reject'),
  conversation: id,
  localId: id,
  try: count,
  code: openWord<ErrorCode>(),
  final: z.boolean(),
  retryAfterMs: time.optional(),
})

const inbox = z.object({
  type: z.literal('inbox'),
  request: count.optional(),
  prev: cursor.optional(),
  next: cursor,
  more: z.boolean(),
  rows: list(inboxRow),
  gone: list(id),
})

/** Every frame that a server of version 1 sends. A `type` that is not here is read as `unknown`, before any schema. */
export const serverFrame = z.discriminatedUnion('type', [
  welcome,
  z.object({ type: z.literal('refused'), code: id, retryAfterMs: time.optional() }),
  opened,
  page,
  changeFrame,
  z.object({
    type: z.literal('ack'),
    conversation: id,
    localId: id,
    epoch: id,
    seq: count.optional(),
    message: messageRow.optional(),
  }),
  reject,
  z.object({ type: z.literal('failed'), request: count, code: openWord<ErrorCode>(), retryAfterMs: time.optional() }),
  z.object({ type: z.literal('left'), conversation: id, seq: count, why: id }),
  z.object({ type: z.literal('marks'), conversation: id, epoch: id, marks: list(mark) }),
  z.object({ type: z.literal('typing'), conversation: id, user: id, on: z.boolean() }),
  inbox,
  z.object({ type: z.literal('people'), people: list(person) }),
  z.object({ type: z.literal('head'), heads: list(head) }),
  z.object({ type: z.literal('pong'), n: count, heads: list(head) }),
  z.object({ type: z.literal('drain'), retryAfterMs: time }),
  z.object({ type: z.literal('unknown'), raw: present }),
])

/** Whatever is not a known operation is read as `unknown`, so that one entry is rejected and the link lives. */
const operation = z.union([
  z.object({ kind: z.literal('send'), content: present }),
  z.object({ kind: z.literal('void') }),
  z.object({ kind: z.literal('unknown'), raw: present }),
  present.transform(asUnknown),
])

const anchor = z.union([z.object({ before: count }), z.object({ after: count }), z.object({ around: count })])

/** Every frame that a client of version 1 sends. */
export const clientFrame = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('hello'),
    version: count,
    user: id,
    device: id,
    lane: id,
    link: count,
    token: text(serverLimits.tokenChars).optional(),
  }),
  z.object({ type: z.literal('open'), request: count, conversation: id, position: position.optional() }),
  z.object({ type: z.literal('unfollow'), conversation: id }),
  z.object({
    type: z.literal('history'),
    request: count,
    conversation: id,
    epoch: id,
    anchor,
    limit: count,
    atLeast: count.optional(),
  }),
  z.object({ type: z.literal('operation'), conversation: id, localId: id, try: count, after: id.optional(), operation }),
  z.object({
    type: z.literal('receipt'),
    conversation: id,
    epoch: id,
    delivered: count.optional(),
    read: count.optional(),
    marked: marked.optional(),
  }),
  z.object({ type: z.literal('typing'), conversation: id, on: z.boolean() }),
  z.object({ type: z.literal('inbox'), request: count, cursor: cursor.optional(), followed: z.boolean().optional() }),
  z.object({ type: z.literal('ping'), n: count }),
])
