/** What is on a disk for certain, held against the truth: L8 for the cache, L1 for the outbox. */
import type { Row } from '../../../ports/storage.js'
import type { MessageRow } from '../../../protocol/frames.js'
import type { Journal } from '../journal.js'
import { indexOfPlace } from './shown.js'
import { type Line, ownKey, type Truth } from './truth.js'

const cursorPage = Number.MAX_SAFE_INTEGER
const rowsPerPage = 50

interface Cursor {
  readonly epoch: string
  readonly head: number
  readonly tag: string
  readonly first: number
  readonly from: number
  readonly rows: readonly MessageRow[]
}

/** Where the stored cursors stood, by room: within a line they never go back. */
export type Cursors = Map<string, { readonly line: Line; readonly head: number }>

export interface StoredParts {
  readonly journal: Journal
  readonly truth: Truth
  readonly user: string
  readonly rows: readonly Row[]
  readonly before: Cursors
  /** Local ids that were reported durable, by room; those that are settled for good are taken out. */
  readonly promised: Map<string, string>
  readonly discarded: ReadonlySet<string>
  readonly release: (localId: string) => void
}

export function checkStored(parts: StoredParts): Cursors {
  const { rows, truth, user, journal, promised, discarded, before } = parts
  const outbox = new Set<string>()
  const cached = new Map<string, Row[]>()
  for (const row of rows) {
    if (row.key[0] === 'o') outbox.add((row.value as { localId: string }).localId)
    if (row.key[0] === 'm') {
      const room = row.key[1] as string
      const list = cached.get(room)
      if (list) list.push(row)
      else cached.set(room, [row])
    }
  }
  const after: Cursors = new Map()
  for (const [room, stored] of cached) checkCache(parts, room, stored, after)
  for (const [room, { line, head }] of after) {
    const was = before.get(room)
    // A line that is over may come back: a tab that has not heard of its end writes what it has. Two lines of one epoch
    // cannot be told apart, and the tab that was told of the later one writes its own.
    const steady = truth.now(room) === line && !truth.wentBack(room, line.epoch)
    if (was?.line === line && head < was.head && steady)
      journal.broken('L8', `${user}: the cursor of ${room} went back from ${was.head} to ${head}`)
  }
  for (const [localId, room] of promised) {
    if (outbox.has(localId)) continue
    const cursor = after.get(room)
    const place = cursor?.line.own.get(ownKey(user, localId))
    const kept = cursor && place !== undefined && place <= cursor.head
    const lost = truth.everLanded(room, user, localId) && truth.now(room)?.own.get(ownKey(user, localId)) === undefined
    // The tab that has not heard of its line's end has written what it has, over a cursor that held the message in the present one.
    const renewed = truth.everLanded(room, user, localId) && cursor && cursor.line !== truth.now(room)
    if (!kept && !lost && !renewed && !discarded.has(localId)) {
      journal.broken('L1', `${user}: ${localId} in ${room} left the disk while neither its cache has it nor was it taken back`)
    }
    promised.delete(localId)
    parts.release(localId)
  }
  return after
}

function checkCache({ journal, truth, user }: StoredParts, room: string, stored: readonly Row[], after: Cursors): void {
  const say = (what: string) => journal.broken('L8', `the disk of ${user}, ${room}: ${what}`)
  const found = stored.find((row) => row.key[2] === cursorPage)
  if (!found) return say('rows without a cursor')
  const cursor = found.value as Cursor
  const line = truth.lineOf(room, cursor)
  if (!line) return say(`the cursor stands at ${cursor.epoch} ${cursor.head} ${cursor.tag}, where the log never was`)
  after.set(room, { line, head: cursor.head })
  const newest = new Map<number, MessageRow>()
  for (const row of stored) {
    const messages =
      row.key[2] === cursorPage ? cursor.rows : row.key.length === 4 ? [row.value as MessageRow] : (row.value as MessageRow[])
    for (const message of messages) {
      const states = line.states.get(message.seq)
      const same = states?.find((each) => each.rev === message.rev)
      if (!same || (same !== message && JSON.stringify(same) !== JSON.stringify(message))) {
        return say(`a row is stored that never was (${message.seq}, rev ${message.rev})`)
      }
      if (row.key.length === 3 && row.key[2] !== cursorPage && Math.floor(message.index / rowsPerPage) !== row.key[2]) {
        return say(`message ${message.index} stands in page ${row.key[2]}`)
      }
      const held = newest.get(message.index)
      if (!held || held.rev < message.rev) newest.set(message.index, message)
    }
  }
  const end = indexOfPlace(line.places, cursor.head + 1)
  if (cursor.first < end && (line.places[cursor.first] as number) <= cursor.from)
    return say(`it says it holds from ${cursor.from}, but begins later`)
  const before = line.places[cursor.first - 1]
  if (cursor.first <= end && before !== undefined && before > cursor.from)
    return say(`it says it holds from ${cursor.from}, but lacks ${before}`)
  for (let index = cursor.first; index < end; index++) {
    const states = line.states.get(line.places[index] as number) as readonly MessageRow[]
    const due = states.findLast((each) => each.rev <= cursor.head) as MessageRow
    const held = newest.get(index)
    if (!held) return say(`the cursor is at ${cursor.head}, but message ${index} is not stored`)
    if (held.rev < due.rev) return say(`the cursor is at ${cursor.head}, but message ${index} is stored as of ${held.rev}, not ${due.rev}`)
  }
}
