/**
 * Reads one server frame out of bounded plain data. A frame that is right is returned as it is; a kind of frame or of change
 * not known here becomes `unknown` (R10); only an envelope that cannot be read gives `null`.
 */
import type { Change, Head, HiddenRange, InboxRow, Mark, Member, OwnChange, ServerFrame, ServerLimits, Unread } from './frames.js'
import * as limits from './limits.js'
import {
  arePeople,
  type Fields,
  type Is,
  isCount,
  isFields,
  isFlag,
  isId,
  isMarked,
  isRow,
  isTag,
  isTime,
  listOf,
  maybe,
  recordOf,
  type Shape,
} from './guards.js'

export function readServerFrame(value: unknown): ServerFrame | null {
  if (!isFields(value)) return null
  const { type } = value
  if (type === 'change') return readChange(value)
  if (typeof type !== 'string') return null
  const isFrame = guards.get(type)
  if (isFrame) return isFrame(value) ? value : null
  return type === 'unknown' && 'raw' in value ? (value as unknown as ServerFrame) : { type: 'unknown', raw: value }
}

/** Written out: it is asked once per message. */
function readChange(frame: Fields): ServerFrame | null {
  const { conversation, epoch, seq, tag, people, change } = frame
  const isEnvelope = isId(conversation) && isId(epoch) && isCount(seq) && isId(tag) && (people === undefined || arePeople(people))
  if (!isEnvelope || change === undefined) return null
  return (isChange(change) ? frame : { ...frame, change: { kind: 'unknown', raw: change } }) as unknown as ServerFrame
}

function isChange(value: unknown): value is Change {
  if (!isFields(value)) return false
  switch (value.kind) {
    case 'message':
      return isRow(value.message)
    case 'member':
      return isId(value.user) && isFlag(value.joined)
    case 'profile':
      return isFields(value.profile)
    default:
      return value.kind === 'unknown' && 'raw' in value
  }
}

const place = { conversation: isId, epoch: isId }
const page = { request: isCount, ...place, from: isCount, to: isCount, rows: listOf(isRow), people: arePeople }
const isUnread = recordOf<Unread>({ count: isCount, more: isFlag })
const areMarks = listOf(recordOf<Mark>({ user: isId, delivered: isCount, read: isCount, marked: maybe(isMarked) }))
const areHeads = listOf(recordOf<Head>({ ...place, seq: isCount }))

function isCursor(value: unknown): value is string {
  return typeof value === 'string' && value.length <= limits.cursorChars
}

type Known = Exclude<ServerFrame, { type: 'change' | 'unknown' }>

/** Every field of every frame: one forgotten here does not compile. */
const shapes: { readonly [Type in Known['type']]: Shape<Omit<Extract<Known, { type: Type }>, 'type'>> } = {
  welcome: {
    version: isCount,
    user: isId,
    tenant: maybe(isId),
    time: isTime,
    heartbeatMs: isTime,
    limits: recordOf<ServerLimits>({ followed: isCount, window: isCount, contentBytes: isCount, pageRows: isCount }),
    features: listOf(isId),
  },
  refused: { code: isId, retryAfterMs: maybe(isTime) },
  opened: {
    ...page,
    reset: maybe(isId),
    tag: isTag,
    head: isCount,
    more: isFlag,
    floor: isCount,
    hidden: listOf(recordOf<HiddenRange>({ from: isCount, to: isCount, messages: isCount })),
    own: listOf(recordOf<OwnChange>({ localId: isId, seq: isCount })),
    profile: isFields,
    memberCount: isCount,
    members: listOf(recordOf<Member>({ user: isId, joined: isCount })),
    marks: areMarks,
    unread: isUnread,
  },
  page: { ...page, asOf: isCount },
  ack: { ...place, localId: isId, seq: maybe(isCount), message: maybe(isRow) },
  reject: { conversation: isId, localId: isId, try: isCount, code: isId, final: isFlag, retryAfterMs: maybe(isTime) },
  failed: { request: isCount, code: isId, retryAfterMs: maybe(isTime) },
  left: { conversation: isId, seq: isCount, why: isId },
  marks: { ...place, marks: areMarks },
  typing: { conversation: isId, user: isId, on: isFlag },
  inbox: {
    request: maybe(isCount),
    prev: maybe(isCursor),
    next: isCursor,
    more: isFlag,
    rows: listOf(
      recordOf<InboxRow>({
        ...place,
        rev: isCount,
        head: isCount,
        last: maybe(isRow),
        unread: isUnread,
        read: isCount,
        profile: isFields,
        people: arePeople,
      }),
    ),
    gone: listOf(isId),
  },
  people: { people: arePeople },
  head: { heads: areHeads },
  pong: { n: isCount, heads: areHeads },
  drain: { retryAfterMs: isTime },
}

const guards = new Map<string, Is<ServerFrame>>(
  Object.entries(shapes).map(([type, shape]) => [type, recordOf<ServerFrame>(shape as Shape<ServerFrame>)]),
)
