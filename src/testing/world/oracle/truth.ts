/**
 * What is true, learnt from the rows the store really writes: per conversation a log, and after a restored backup
 * another that begins with a part of it. It checks the server's laws as it learns, and shares no code with the product.
 */
import type { MessageRow, ServerFrame } from '../../../protocol/frames.js'
import type { Journal } from '../journal.js'
import { checkTold } from './told.js'
import { isVisible, type LogModel, type Stint, type TrueChange } from './model.js'

/** One line of a conversation's log. */
export interface Line extends LogModel {
  readonly epoch: string
  readonly changes: TrueChange[]
  readonly places: number[]
  readonly states: Map<number, MessageRow[]>
  readonly stints: Map<string, Stint[]>
  /** Places by author and local id. */
  readonly own: Map<string, number>
  readonly marks: Map<string, Omit<Seat, 'user' | 'active'>>
  /** The newest number that has landed, by lane. */
  readonly lanes: Map<string, number>
  /** Those who join now see nothing of before. */
  closed: boolean
  /** It was put under servers that live: who was in before may still be told. */
  readonly isSwapped: boolean
}

export interface Seat {
  readonly user: string
  readonly active: boolean
  readonly delivered: number
  readonly read: number
  readonly marked: { readonly at: number; readonly rev: number }
}

/** What the store says of a conversation as a whole. */
export interface Heading {
  readonly conversation: string
  readonly epoch: string
  readonly head: number
  readonly history: string
}

/** Where a local id was born: its lane, and its number in the order of that lane. */
export interface Birth {
  readonly room: string
  readonly user: string
  readonly lane: string
  readonly n: number
  /** By whom it was put at the end of its lane again: an heir finds it at its old place, where that was not stored (R13). */
  readonly again?: { isAlive(): boolean }
}

export interface Truth {
  conversation(heading: Heading): void
  message(conversation: string, row: MessageRow): void
  change(conversation: string, change: { readonly seq: number; readonly tag: string; readonly message: number }): void
  seat(conversation: string, seat: Seat): void
  /** The log now ends at its head, under its epoch. */
  restored(heading: Heading, seats: Iterable<Seat>, alive: boolean): void
  /** A server has sent this to somebody who may be a member no more. */
  told(user: string, frame: ServerFrame): void
  now(conversation: string): Line | undefined
  /** The line on which a position stands. */
  lineOf(conversation: string, at: { readonly epoch: string; readonly head: number; readonly tag: string }): Line | undefined
  /** Has a backup been restored under this epoch? Then two lines bear its name. */
  wentBack(conversation: string, epoch: string): boolean
  /** Was this state of a message true on a line of this epoch? */
  wasEver(conversation: string, epoch: string, row: MessageRow): boolean
  /** Did this local id ever take effect, on whatever line? */
  everLanded(conversation: string, author: string, localId: string): boolean
  /** Did it take effect on a line that is over? */
  landedBefore(conversation: string, author: string, localId: string): boolean
  /** Was this user ever a member, on whatever line? */
  everIn(conversation: string, user: string): boolean
  /** May this user see what stands there, by all that is known of a line of this epoch? */
  everSees(conversation: string, epoch: string, user: string, place: number): boolean
  /** A user has looked at everything up to here. */
  looked(conversation: string, epoch: string, user: string, seq: number): void
  /** A user has marked the conversation as unread again from this place on. */
  asked(conversation: string, epoch: string, user: string, at: number): void
  /** The highest watermarks the store ever had for this user in this epoch. */
  highest(conversation: string, epoch: string, user: string): { readonly delivered: number; readonly read: number }
}

export const ownKey = (author: string, localId: string): string => `${author} ${localId}`

/** One key for a user in an epoch of a conversation. */
const keyOf = ([conversation, epoch, user]: readonly [string, string, string, ...unknown[]]): string => `${conversation} ${epoch} ${user}`

const emptyLine = (epoch: string, closed: boolean, isSwapped = false): Line => ({
  epoch,
  changes: [],
  places: [],
  states: new Map(),
  stints: new Map(),
  own: new Map(),
  marks: new Map(),
  lanes: new Map(),
  closed,
  isSwapped,
})

/** `birth` knows own messages; undefined for those whose order is no longer promised. */
export function truthOf(journal: Journal, birth: (localId: string) => Birth | undefined): Truth {
  const lines = new Map<string, Line[]>()
  const looked = new Map<string, number>()
  const asked = new Map<string, number[]>()
  const highest = new Map<string, { delivered: number; read: number }>()
  const of = (conversation: string) => lines.get(conversation) ?? []
  const now = (conversation: string) => of(conversation).at(-1)
  const add = (conversation: string, line: Line) => lines.set(conversation, [...of(conversation), line])
  const present = (conversation: string): Line => {
    const line = now(conversation)
    if (!line) throw new Error(`The store wrote to ${conversation} before it was made.`)
    return line
  }
  const seated = (conversation: string, { epoch }: Line, { user, delivered, read }: Seat) => {
    const key = keyOf([conversation, epoch, user])
    const was = highest.get(key) ?? { delivered: 0, read: 0 }
    highest.set(key, { delivered: Math.max(was.delivered, delivered), read: Math.max(was.read, read) })
    return key
  }

  return {
    now,
    conversation({ conversation, epoch, history }) {
      const line = now(conversation)
      const closed = history === 'from-join'
      if (line) line.closed = closed
      else add(conversation, emptyLine(epoch, closed))
    },
    message(conversation, row) {
      learnMessage(journal, present(conversation), row, birth)
    },
    change(conversation, { seq, tag, message }) {
      const line = present(conversation)
      if (seq !== line.changes.length + 1) journal.broken('dense-seq', `${conversation}: seq ${seq} follows ${line.changes.length}`)
      line.changes.push({ seq, tag, place: message, row: line.states.get(message)?.at(-1) ?? null })
    },
    seat(conversation, seat) {
      const line = present(conversation)
      const key = seated(conversation, line, seat)
      learnStint(line, seat)
      const say = (what: string) => journal.broken('marks-rise', `${conversation}: ${what}`)
      learnSeat(line, seat, looked.get(key) ?? 0, asked.get(key) ?? [], say)
    },
    restored({ conversation, epoch, head, history }, seats, alive) {
      const line = lineUpTo(journal, now(conversation), head, emptyLine(epoch, history === 'from-join', alive))
      for (const seat of seats) {
        line.marks.set(seat.user, seat)
        seated(conversation, line, seat)
      }
      add(conversation, line)
    },
    told: (user, frame) => checkTold(journal, now, user, frame),
    lineOf(conversation, { epoch, head, tag }) {
      return of(conversation).findLast((line) => line.epoch === epoch && (head === 0 || line.changes[head - 1]?.tag === tag))
    },
    wentBack: (conversation, epoch) => of(conversation).filter((line) => line.epoch === epoch).length > 1,
    wasEver: (conversation, epoch, { seq, rev, id }) =>
      of(conversation).some((line) => line.epoch === epoch && line.states.get(seq)?.some((each) => each.rev === rev && each.id === id)),
    everLanded: (conversation, author, localId) => hasOwn(of(conversation), author, localId),
    landedBefore: (conversation, author, localId) => hasOwn(of(conversation).slice(0, -1), author, localId),
    everIn: (conversation, user) => of(conversation).some((line) => line.stints.has(user)),
    everSees: (conversation, epoch, user, place) =>
      of(conversation).some((line) => line.epoch === epoch && isVisible(line, user, place, line.changes.length)),
    looked: (...at) => void looked.set(keyOf(at), Math.max(looked.get(keyOf(at)) ?? 0, at[3])),
    asked: (...at) => void asked.set(keyOf(at), [...(asked.get(keyOf(at)) ?? []), at[3]]),
    highest: (...at) => highest.get(keyOf(at)) ?? { delivered: 0, read: 0 },
  }
}

/** Who comes or goes does so by the newest change; founders are in from the beginning. */
function learnStint({ stints, changes, closed }: Line, { user, active }: Seat): void {
  const known = stints.get(user) ?? []
  const last = known.at(-1)
  const isIn = last?.left === Number.POSITIVE_INFINITY
  if (active === isIn) return
  const head = changes.length
  if (active) stints.set(user, [...known, { joined: head, left: Number.POSITIVE_INFINITY, opensPast: !closed }])
  else if (last) stints.set(user, [...known.slice(0, -1), { ...last, left: head }])
}

function hasOwn(lines: readonly Line[], author: string, localId: string): boolean {
  return lines.some((line) => line.own.has(ownKey(author, localId)))
}

/** A new line that begins with a part of the old one. */
function lineUpTo(journal: Journal, old: Line | undefined, head: number, line: Line): Line {
  for (const change of old?.changes.slice(0, head) ?? []) {
    if (change.row) learnMessage(journal, line, change.row, () => undefined)
    line.changes.push(change)
  }
  for (const [user, stints] of old?.stints ?? []) line.stints.set(user, stintsUpTo(stints, head))
  return line
}

function stintsUpTo(stints: readonly Stint[], head: number): Stint[] {
  return stints
    .filter(({ joined }) => joined <= head)
    .map((stint) => (stint.left <= head ? stint : { ...stint, left: Number.POSITIVE_INFINITY }))
}

/** The registers of one user: `looked` is how far this user has looked, `asked` where this user has marked it unread, in this epoch. */
function learnSeat(line: Line, seat: Seat, looked: number, asked: readonly number[], say: (what: string) => void): void {
  const { user, delivered, read, marked } = seat
  const { at, rev } = marked
  const was = line.marks.get(user) ?? { delivered: 0, read: 0, marked: { at: 0, rev: 0 } }
  const head = line.changes.length
  // Whoever joins has the past as read.
  const joined = line.stints.get(user)?.at(-1)?.joined ?? 0
  if (read < was.read || delivered < was.delivered) say(`the watermarks of ${user} were lowered`)
  if (read > head || delivered > head) say(`a watermark of ${user} is above the head ${head}`)
  if (delivered < read) say(`${user} has read ${read} but was delivered ${delivered}`)
  if (read > was.read && read > Math.max(looked, joined)) say(`${user} is said to have read ${read} but looked at ${looked} in this epoch`)
  const isSame = at === was.marked.at
  if (rev < was.marked.rev || (rev === was.marked.rev && !isSame))
    say(`the mark of ${user} went from ${was.marked.at}/${was.marked.rev} to ${at}/${rev}`)
  // What lies above a head that went back is clamped to it.
  if (!isSame && at > 0 && !asked.some((place) => Math.min(place, head) === at)) say(`${user} never marked ${at} in this epoch`)
  line.marks.set(user, { delivered, read, marked })
}

/** A new message, or a new state of one. */
function learnMessage(journal: Journal, line: Line, row: MessageRow, birth: (localId: string) => Birth | undefined): void {
  const held = line.states.get(row.seq)
  if (held) {
    if (row.rev <= (held.at(-1) as MessageRow).rev)
      journal.broken('not-undone', `message ${row.seq} was revised from a later state to ${row.rev}`)
    held.push(row)
    return
  }
  if (row.index !== line.places.length)
    journal.broken('dense-index', `message ${row.seq} has index ${row.index}, not ${line.places.length}`)
  line.states.set(row.seq, [row])
  line.places.push(row.seq)
  if (row.localId === undefined) return
  const key = ownKey(row.author, row.localId)
  if (line.own.has(key)) journal.broken('one-effect', `${key} took effect at ${line.own.get(key)} and again at ${row.seq}`)
  line.own.set(key, row.seq)
  const born = birth(row.localId)
  if (!born) return
  const newest = line.lanes.get(born.lane) ?? -1
  if (born.n < newest) journal.broken('author-order', `${key}, number ${born.n} of its lane, landed at ${row.seq} after number ${newest}`)
  line.lanes.set(born.lane, Math.max(newest, born.n))
}
