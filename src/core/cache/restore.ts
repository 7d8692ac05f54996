/**
 * A conversation from disk: the cursor row with the newest page, and the page before it, in one read. What is stored
 * is hostile until checked; a doubtful cache is dropped and written anew, never half used (L8).
 */
import type { KeyRange, Row } from '../../ports/storage.js'
import type { MessageRow } from '../../protocol/frames.js'
import { isRow } from '../../protocol/guards.js'
import { settleHeld } from '../outbox/settle.js'
import type { ConversationState, Log } from '../state.js'
import { isDense, pageOf, positionOf, windowOf } from '../timeline/window.js'
import { bounds } from '../timing.js'
import { nextNumber, put, type Turn } from '../turn.js'
import { restarted } from './cache.js'
import { build, type CacheState, cursorPage, type CursorValue } from './cache-state.js'

/** Rows of one read: cursor, previous page and some patches between. */
const firstRead = 8

export function startRestore(turn: Turn, conversation: ConversationState): void {
  const ask = nextNumber(turn)
  put(turn, { ...conversation, log: { ...conversation.log, state: 'loading' }, cache: { ...conversation.cache, rereading: ask } })
  turn.effects.push({ kind: 'load', ask, ranges: [{ prefix: ['m', conversation.id], reverse: true, limit: firstRead }] })
}

/** After a conflict: what did the other instance write, and has it our newest message where we have it? */
export function rereadCursor(turn: Turn, conversation: ConversationState): void {
  const ask = nextNumber(turn)
  const { id, log, cache } = conversation
  put(turn, { ...conversation, cache: { ...cache, rereading: ask } })
  const prefix = ['m', id]
  const newest = log.tail.rows[log.tail.rows.length - 1]
  const page = newest ? [pageOf(newest.index)] : []
  const ranges: KeyRange[] = [{ prefix, reverse: true, limit: 1 }]
  if (newest) ranges.push({ prefix, from: page, to: page })
  turn.effects.push({ kind: 'load', ask, ranges })
}

/** The rows of either read; none where the disk could not be read. */
export function restored(turn: Turn, conversation: ConversationState, rows: readonly Row[]): void {
  const cursor = rows[0]?.key[2] === cursorPage ? rows[0] : undefined
  const value = cursor && checkedCursor(cursor.value)
  if (conversation.log.state === 'loading') {
    put(turn, loaded(conversation, cursor, value, rows))
    settleHeld(turn, conversation.id)
  } else put(turn, { ...conversation, cache: adopted(conversation, cursor, value, rows) })
}

function loaded(
  conversation: ConversationState,
  cursor: Row | undefined,
  value: CursorValue | null | undefined,
  rows: readonly Row[],
): ConversationState {
  const version = cursor?.version ?? null
  const cache: CacheState = { ...conversation.cache, version, rereading: 0 }
  const log: Log = { ...conversation.log, state: 'ready' }
  if (!value) return { ...conversation, log, cache: cursor || rows.length > 0 ? restarted(cache) : cache }
  const held = [...olderRows(value, rows), ...value.rows]
  const from = held[0]?.index === value.first && value.from >= 0 ? value.from : (held[0]?.seq ?? value.head + 1) - 1
  const { epoch, head, tag, floor, hidden, profile, members, memberCount } = value
  const tail = held.length > 0 ? windowOf(held, from, head) : windowOf([], head, head)
  const marks = new Map(value.marks.map(([user, delivered, read]) => [user, { delivered, read }] as const))
  const { receipts } = conversation
  const highest = Math.max(head, ...value.marks.map(([, delivered]) => delivered))
  return {
    ...conversation,
    log: { ...log, epoch, head, tag, heard: Math.max(log.heard, highest), floor, hidden, profile, members, memberCount, tail },
    receipts: { ...receipts, marks, storedTo: head, unread: value.unread },
    cache: { ...cache, head, last: held[held.length - 1]?.index ?? -1, cover: { first: value.first, from: value.from } },
  }
}

/** Rows of the page before, folded with their patches, if they reach the cursor's without a hole. */
function olderRows(value: CursorValue, rows: readonly Row[]): readonly MessageRow[] {
  const first = value.rows[0]
  if (!first) return []
  const older = foldPages(rows, value.first, first.index - 1)
  return isDense([...older, first], value.hidden) ? older : []
}

/** Messages of stored pages with an index in [first, last], each in its newest stored state, oldest first. */
export function foldPages(rows: readonly Row[], first: number, last: number): readonly MessageRow[] {
  const byIndex = new Map<number, MessageRow>()
  for (const row of rows) {
    if (row.key[2] === cursorPage) continue
    const messages = row.key.length === 4 ? [row.value] : Array.isArray(row.value) ? row.value : []
    for (const message of messages) {
      if (!isRow(message) || message.index < first || message.index > last) continue
      const held = byIndex.get(message.index)
      if (!held || held.rev < message.rev) byIndex.set(message.index, message)
    }
  }
  return [...byIndex.values()].sort((a, b) => a.index - b.index)
}

/** The other instance's cursor becomes the base of the next commit, if both stand on one line. */
function adopted(
  { cache, log }: ConversationState,
  cursor: Row | undefined,
  value: CursorValue | null | undefined,
  rows: readonly Row[],
): CacheState {
  const base: CacheState = { ...cache, version: cursor?.version ?? null, rereading: 0 }
  if (!value || value.epoch !== log.epoch || cache.wentBack || !onOneLine(log, value, rows)) return restarted(base)
  // It went back behind what was written from here: which rows are of before, nobody knows.
  if (value.head < cache.head) return restarted(base)
  const last = value.rows[value.rows.length - 1]?.index ?? value.first - 1
  const cover = { first: value.first, from: value.from }
  const ours = { ...base, head: value.head, last, cover, pages: [], restart: false }
  if (value.head >= log.head) return { ...ours, dirty: cache.removals.length > 0, dirtyFrom: Number.POSITIVE_INFINITY, patches: [] }
  return { ...ours, dirty: true, dirtyFrom: Math.min(cache.dirtyFrom, last + 1) }
}

/** A backup restored under the same epoch makes another line: then the newest message of the shorter one is not in the longer. */
function onOneLine({ head, tail }: Log, value: CursorValue, rows: readonly Row[]): boolean {
  const [ours, theirs] = [tail.rows[tail.rows.length - 1], value.rows[value.rows.length - 1]]
  if (!ours || !theirs) return ours === theirs
  if (value.head < head) return tail.rows[positionOf(tail.rows, theirs.seq)]?.id === theirs.id
  const held = [...foldPages(rows, ours.index, ours.index), ...value.rows].find((row) => row.index === ours.index)
  // Older than all they keep: nothing speaks against them.
  return held ? held.id === ours.id : ours.index < value.first
}

/** A cursor row as it may be used, or null: of another build, damaged or with a hole. */
function checkedCursor(value: unknown): CursorValue | null {
  if (typeof value !== 'object' || value === null) return null
  const cursor = value as Partial<CursorValue>
  const numbers = [cursor.head, cursor.first, cursor.from, cursor.floor, cursor.memberCount]
  if (cursor.build !== build || numbers.some((n) => !Number.isSafeInteger(n))) return null
  if (typeof cursor.epoch !== 'string' || cursor.epoch === '' || typeof cursor.tag !== 'string') return null
  const lists = [cursor.rows, cursor.hidden, cursor.members, cursor.marks]
  if (lists.some((list) => !Array.isArray(list)) || typeof cursor.profile !== 'object' || cursor.profile === null) return null
  const unread = cursor.unread as Partial<CursorValue['unread']> | undefined
  if (![unread?.count, unread?.read, unread?.countedTo].every(Number.isSafeInteger)) return null
  const whole = cursor as CursorValue
  if (!whole.rows.every(isRow) || !isDense(whole.rows, whole.hidden)) return null
  const newest = whole.rows[whole.rows.length - 1]
  if (newest && (newest.seq > whole.head || pageOf(newest.index) !== pageOf((whole.rows[0] as MessageRow).index))) return null
  return whole.rows.length <= bounds.pageRows ? whole : null
}

/** Is this own message among the newest stored rows? */
export function holdsOwn(rows: readonly Row[], localId: string, user: string): boolean {
  const cursor = rows[0]?.key[2] === cursorPage ? checkedCursor(rows[0].value) : null
  const messages = [...foldPages(rows, 0, Number.MAX_SAFE_INTEGER), ...(cursor?.rows ?? [])]
  return messages.some((row) => row.localId === localId && row.author === user)
}
