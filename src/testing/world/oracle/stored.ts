/** What is on a disk for certain, held against the truth: the cache and the outbox of one user. */
import type { Row } from '../../../ports/storage.js'
import type { MessageRow } from '../../../protocol/frames.js'
import type { InvariantName } from '../invariants.js'
import type { Journal } from '../journal.js'
import { indexFrom, isVisible, stateAt } from './model.js'
import { isSame } from './same.js'
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

/** Where the stored cursors stood, by room, and on which rows: within a line they never go back. */
export type Cursors = Map<string, { readonly line: Line; readonly head: number; readonly stored: readonly Row[] }>

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
  /** Who made a local id. */
  readonly authorOf: (localId: string) => string | undefined
  /** The cache may be given up: it is capped low, or was spoilt. */
  readonly mayDrop: boolean
  /** It is capped low. */
  readonly isCapped: boolean
  /** Rooms that a tab may write anew: it was told that their line went back. */
  readonly renewed: ReadonlySet<string>
  /** What a fault has put in the place of a row. */
  readonly isSpoilt: (row: Row) => boolean
}

export function checkStored(parts: StoredParts): Cursors {
  const { rows, truth, user, journal, promised, discarded, before } = parts
  const outbox = new Set<string>()
  const cached = new Map<string, Row[]>()
  for (const row of rows) {
    if (row.key[0] === 'o') {
      const { localId } = row.value as { localId: string }
      const author = parts.authorOf(localId)
      if (author !== undefined && author !== user) journal.broken('no-row-of-another', `the disk of ${user} has ${localId} of ${author}`)
      outbox.add(localId)
    }
    if (row.key[0] === 'm') {
      const room = row.key[1] as string
      const list = cached.get(room)
      if (list) list.push(row)
      else {
        cached.set(room, [row])
        if (!truth.everIn(room, user)) journal.broken('no-row-of-another', `the disk of ${user} has rows of ${room}`)
      }
    }
  }
  const after: Cursors = new Map()
  for (const [room, stored] of cached) checkCache(parts, room, stored, after)
  for (const [room, { line, head }] of after) {
    const was = before.get(room)
    // A line that is over may come back: a tab that has not heard of its end writes what it has. Two lines of one epoch
    // cannot be told apart, and the tab that was told of the later one writes its own.
    const steady = truth.now(room) === line && !truth.wentBack(room, line.epoch)
    // Above its cap a tab clears what it does not hold itself: cursor, pages and patches go in one commit. Who holds it meets a cursor
    // that is gone, and writes its own rows and head beside nothing. Was it behind, so is the new cursor: no row of the old one stands
    // that it could be behind of, and what it covers is looked for as ever.
    if (was?.line === line && head < was.head && steady && !parts.isCapped)
      journal.broken('cursor-behind-rows', `${user}: the cursor of ${room} went back from ${was.head} to ${head}`)
  }
  for (const [localId, room] of promised) {
    if (outbox.has(localId)) continue
    const cursor = after.get(room)
    const place = cursor?.line.own.get(ownKey(user, localId))
    const kept = cursor && place !== undefined && place <= cursor.head
    // It was settled on a line that is over, whatever has become of it since.
    const lost = truth.landedBefore(room, user, localId)
    // A tab that has not heard of its line's end, or that is told of it late, has written what it has, over a cursor that held the message
    // in the present one: nobody can tell which of two lines of one epoch stored rows are of. The server has the message.
    const isTwin = cursor && parts.renewed.has(room) && truth.wentBack(room, cursor.line.epoch)
    const isRenewed = isTwin || (cursor && cursor.line !== truth.now(room))
    const renewed = isRenewed && truth.everLanded(room, user, localId)
    // A disk that is capped, or whose rows a fault has spoilt, may keep nothing of a conversation: the server has the message. After the cap
    // a tab that is behind may have written what it has since the last look.
    const given = (!cursor || parts.isCapped) && parts.mayDrop && truth.everLanded(room, user, localId)
    if (!kept && !lost && !renewed && !given && !discarded.has(localId)) {
      journal.broken('acked-stays', `${user}: ${localId} in ${room} left the disk while neither its cache has it nor was it taken back`)
    }
    promised.delete(localId)
    parts.release(localId)
  }
  return after
}

function checkCache(parts: StoredParts, room: string, stored: readonly Row[], after: Cursors): void {
  const { journal, truth, user, isSpoilt, before } = parts
  const say = (invariant: InvariantName, what: string) => journal.broken(invariant, `the disk of ${user}, ${room}: ${what}`)
  // What a spoilt row stood for nobody can say until it is written anew.
  if (stored.some(isSpoilt)) return
  const found = stored.find((row) => row.key[2] === cursorPage)
  if (!found) return say('cursor-behind-rows', 'rows without a cursor')
  const cursor = found.value as Cursor
  const line = truth.lineOf(room, cursor)
  if (!line) return say('cache-within-truth', `the cursor stands at ${cursor.epoch} ${cursor.head} ${cursor.tag}, where the log never was`)
  after.set(room, { line, head: cursor.head, stored })
  // The same rows on the same line: what it knows up to their head does not change.
  const was = before.get(room)
  if (was?.line === line && was.stored.length === stored.length && stored.every((row, i) => row === was.stored[i])) return
  // Of two lines under one epoch nobody can tell which of them a row is of where both hold its neighbours.
  const isOfTwin = (row: MessageRow) => truth.wentBack(room, line.epoch) && truth.wasEver(room, line.epoch, row)
  const newest = newestRows(line, cursor, stored, isOfTwin, say)
  if (newest) checkCover(line, user, cursor, newest, say)
}

type Say = (invariant: InvariantName, what: string) => void

/** The newest state of every stored message, by index. */
function newestRows(
  line: Line,
  cursor: Cursor,
  stored: readonly Row[],
  isOfTwin: (row: MessageRow) => boolean,
  say: Say,
): Map<number, MessageRow> | undefined {
  const newest = new Map<number, MessageRow>()
  for (const row of stored) {
    const isCursor = row.key[2] === cursorPage
    const messages = isCursor ? cursor.rows : row.key.length === 4 ? [row.value as MessageRow] : (row.value as MessageRow[])
    for (const message of messages) {
      const same = line.states.get(message.seq)?.findLast((each) => each.rev === message.rev)
      if (!same || !isSame(same, message)) {
        if (isOfTwin(message)) {
          newest.set(message.index, { ...message, rev: Number.POSITIVE_INFINITY })
          continue
        }
        say('cache-within-truth', `a row is stored that never was (${message.seq}, rev ${message.rev})`)
        return undefined
      }
      if (row.key.length === 3 && !isCursor && Math.floor(message.index / rowsPerPage) !== row.key[2]) {
        say('cache-within-truth', `message ${message.index} stands in page ${row.key[2]}`)
        return undefined
      }
      const held = newest.get(message.index)
      if (!held || held.rev < message.rev) newest.set(message.index, message)
    }
  }
  return newest
}

/** Every message from the first on that the cursor covers is stored, as the cursor's head knows it. */
function checkCover(line: Line, user: string, cursor: Cursor, newest: ReadonlyMap<number, MessageRow>, say: Say): void {
  const { first, from, head } = cursor
  const { places } = line
  const sees = (place: number) => isVisible(line, user, place, head)
  const end = indexFrom(line, head + 1)
  if (first < end && (places[first] as number) <= from) return say('cursor-behind-rows', `it says it holds from ${from}, but begins later`)
  const before = places[first - 1]
  if (first <= end && before !== undefined && before > from && from >= 0 && sees(before))
    return say('cursor-behind-rows', `it says it holds from ${from}, but lacks ${before}`)
  for (let index = first; index < end; index++) {
    const place = places[index] as number
    const due = stateAt(line, place, head) as MessageRow
    const held = newest.get(index)
    if (!held) {
      if (sees(place)) return say('cursor-behind-rows', `the cursor is at ${head}, but message ${index} is not stored`)
    } else if (held.rev < due.rev)
      return say('fresh-rows', `the cursor is at ${head}, but message ${index} is stored as of ${held.rev}, not ${due.rev}`)
  }
}
