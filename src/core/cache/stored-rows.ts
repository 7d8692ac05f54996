/** Rows as the disk hands them out: hostile until checked; what is damaged is left out or refused whole (L8). */
import type { Row } from '../../ports/storage.js'
import type { MessageRow } from '../../protocol/frames.js'
import { type Is, isCount, isFields, isFlag, isId, isMarked, isRow, isTag, listOf, maybe, recordOf } from '../../protocol/guards.js'
import { isDense, pageOf } from '../timeline/window.js'
import { build, cursorPage, type CursorValue } from './cache-state.js'

const isCursor = recordOf<CursorValue>({
  build: isCount,
  epoch: isId,
  head: isCount,
  tag: isTag,
  tags: listOf(isTag),
  first: isCount,
  from: Number.isSafeInteger as Is<number>,
  floor: isCount,
  hidden: Array.isArray,
  rows: listOf(isRow),
  profile: isFields,
  memberCount: isCount,
  members: Array.isArray,
  marks: Array.isArray,
  marked: maybe(isMarked),
  unread: recordOf<CursorValue['unread']>({ count: isCount, more: isFlag, read: isCount, countedTo: isCount }),
})

/** Messages of stored pages with an index in [first, last], each in its newest stored state, oldest first. */
export function foldPages(rows: readonly Row[], first: number, last = 1 / 0): readonly MessageRow[] {
  const byIndex = new Map<number, MessageRow>()
  const damaged = new Set<unknown>()
  for (const { key, value } of rows) {
    // Its place is not filled from the page, which has it as it was before.
    if (key.length === 4 && !isRow(value)) damaged.add(key[3])
    for (const message of key.length === 4 ? [value] : Array.isArray(value) ? value : []) {
      if (!isRow(message) || message.index < first || message.index > last) continue
      const held = byIndex.get(message.index)
      if (!held || held.rev < message.rev) byIndex.set(message.index, message)
    }
  }
  return [...byIndex.values()].filter(({ index }) => !damaged.has(index)).sort((a, b) => a.index - b.index)
}

/** The cursor row among rows read newest first. */
export function cursorRow([first]: readonly Row[]): Row | undefined {
  return first?.key[2] === cursorPage ? first : undefined
}

/** What a cursor row says, as far as it may be used; nothing where it is of another build, damaged or has a hole. */
export function cursorValue(row: Row | undefined): CursorValue | undefined {
  const cursor = row?.value
  if (!isCursor(cursor) || cursor.build !== build) return undefined
  const { head, rows, hidden } = cursor
  if (!isDense(rows, hidden)) return undefined
  const newest = rows.at(-1)
  const isOnePage = !newest || (newest.seq <= head && pageOf(newest.index) === pageOf((rows[0] as MessageRow).index))
  return isOnePage ? cursor : undefined
}

/** Is this own message among the newest stored rows? */
export function holdsOwn(rows: readonly Row[], localId: string, user: string): boolean {
  const messages = [...foldPages(rows, 0), ...(cursorValue(cursorRow(rows))?.rows ?? [])]
  return messages.some((row) => row.localId === localId && row.author === user)
}
