/**
 * Reads one server frame out of bounded plain data. A frame that is right is returned as it is; a kind of frame or of change
 * not known here becomes `unknown` (R10); only an envelope that cannot be read gives `null`.
 */
import type { Change, Head, ServerFrame, ServerLimits } from './frames.js'
import {
  type Fields,
  isCount,
  isCursor,
  isFields,
  isHidden,
  isId,
  isInboxRow,
  isListOf,
  isMark,
  isMaybe,
  isMember,
  isOwn,
  isPerson,
  isRow,
  isTag,
  isTime,
  isUnread,
} from './guards.js'

export function readServerFrame(value: unknown): ServerFrame | null {
  if (!isFields(value)) return null
  const { type } = value
  if (type === 'change') return readChange(value)
  if (typeof type !== 'string') return null
  const isFrame = guards.get(type)
  if (isFrame !== undefined) return isFrame(value) ? (value as unknown as ServerFrame) : null
  return type === 'unknown' && 'raw' in value ? (value as unknown as ServerFrame) : { type: 'unknown', raw: value }
}

function readChange(frame: Fields): ServerFrame | null {
  const { change } = frame
  if (!isPlaced(frame) || !isCount(frame.seq) || !isId(frame.tag) || !isMaybe(frame.people, arePeople) || change === undefined) return null
  const known = isChange(change) ? frame : { ...frame, change: { kind: 'unknown', raw: change } }
  return known as unknown as ServerFrame
}

function isChange(value: unknown): value is Change {
  if (!isFields(value)) return false
  switch (value.kind) {
    case 'message':
      return isRow(value.message)
    case 'member':
      return isId(value.user) && typeof value.joined === 'boolean'
    case 'profile':
      return isFields(value.profile)
    default:
      return value.kind === 'unknown' && 'raw' in value
  }
}

const isPlaced = (frame: Fields) => isId(frame.conversation) && isId(frame.epoch)

const arePeople = (value: unknown) => isListOf(value, isPerson)

const isHead = (value: unknown): value is Head => isFields(value) && isPlaced(value) && isCount(value.seq)

const areLimits = (value: unknown): value is ServerLimits =>
  isFields(value) && isCount(value.followed) && isCount(value.window) && isCount(value.contentBytes) && isCount(value.pageRows)

const guards: ReadonlyMap<string, (frame: Fields) => boolean> = new Map([
  [
    'welcome',
    (frame) =>
      isCount(frame.version) &&
      isId(frame.user) &&
      isMaybe(frame.tenant, isId) &&
      isTime(frame.time) &&
      isTime(frame.heartbeatMs) &&
      areLimits(frame.limits) &&
      isListOf(frame.features, isId),
  ],
  ['refused', (frame) => isId(frame.code) && isMaybe(frame.retryAfterMs, isTime)],
  [
    'opened',
    (frame) =>
      isCount(frame.request) &&
      isPlaced(frame) &&
      isMaybe(frame.reset, isId) &&
      isCount(frame.from) &&
      isCount(frame.to) &&
      isTag(frame.tag) &&
      isCount(frame.head) &&
      typeof frame.more === 'boolean' &&
      isCount(frame.floor) &&
      isListOf(frame.hidden, isHidden) &&
      isListOf(frame.rows, isRow) &&
      isListOf(frame.own, isOwn) &&
      isFields(frame.profile) &&
      isCount(frame.memberCount) &&
      isListOf(frame.members, isMember) &&
      isListOf(frame.people, isPerson) &&
      isListOf(frame.marks, isMark) &&
      isUnread(frame.unread),
  ],
  [
    'page',
    (frame) =>
      isCount(frame.request) &&
      isPlaced(frame) &&
      isCount(frame.asOf) &&
      isCount(frame.from) &&
      isCount(frame.to) &&
      isListOf(frame.rows, isRow) &&
      isListOf(frame.people, isPerson),
  ],
  ['ack', (frame) => isPlaced(frame) && isId(frame.localId) && isMaybe(frame.seq, isCount) && isMaybe(frame.message, isRow)],
  [
    'reject',
    (frame) =>
      isId(frame.conversation) &&
      isId(frame.localId) &&
      isCount(frame.try) &&
      isId(frame.code) &&
      typeof frame.final === 'boolean' &&
      isMaybe(frame.retryAfterMs, isTime),
  ],
  ['failed', (frame) => isCount(frame.request) && isId(frame.code) && isMaybe(frame.retryAfterMs, isTime)],
  ['left', (frame) => isId(frame.conversation) && isCount(frame.seq) && isId(frame.why)],
  ['marks', (frame) => isPlaced(frame) && isListOf(frame.marks, isMark)],
  ['typing', (frame) => isId(frame.conversation) && isId(frame.user) && typeof frame.on === 'boolean'],
  [
    'inbox',
    (frame) =>
      isMaybe(frame.request, isCount) &&
      isMaybe(frame.prev, isCursor) &&
      isCursor(frame.next) &&
      typeof frame.more === 'boolean' &&
      isListOf(frame.rows, isInboxRow) &&
      isListOf(frame.gone, isId),
  ],
  ['people', (frame) => isListOf(frame.people, isPerson)],
  ['head', (frame) => isListOf(frame.heads, isHead)],
  ['pong', (frame) => isCount(frame.n) && isListOf(frame.heads, isHead)],
  ['drain', (frame) => isTime(frame.retryAfterMs)],
])
