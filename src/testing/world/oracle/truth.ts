/**
 * What is true, learnt from the rows the store really writes: per conversation a line of changes, and after a restored backup
 * another line that begins with a part of it. It checks the server's laws as it learns, and shares no code with the product.
 */
import type { MessageRow } from '../../../protocol/frames.js'
import type { Journal } from '../journal.js'

export interface TrueChange {
  readonly seq: number
  readonly tag: string
  /** The place of the message it touched, and its state since; 0 and null for other changes. */
  readonly place: number
  readonly row: MessageRow | null
}

/** One line of a conversation's log. */
export interface Line {
  readonly epoch: string
  readonly changes: TrueChange[]
  /** Places of messages, by index. */
  readonly places: number[]
  /** Every state of a message, oldest first, by place. */
  readonly states: Map<number, MessageRow[]>
  /** Places by author and local id. */
  readonly own: Map<string, number>
  readonly marks: Map<string, Omit<Seat, 'user'>>
  /** The newest number that has landed, by lane. */
  readonly lanes: Map<string, number>
}

export interface Seat {
  readonly user: string
  readonly delivered: number
  readonly read: number
  readonly marked: { readonly at: number; readonly rev: number }
}

/** Where a local id was born: its lane, and its number in the order of that lane. */
export interface Birth {
  readonly room: string
  readonly user: string
  readonly lane: string
  readonly n: number
}

export interface Truth {
  message(conversation: string, row: MessageRow): void
  change(conversation: string, change: { readonly seq: number; readonly tag: string; readonly message: number }): void
  seat(conversation: string, seat: Seat): void
  /** The log now ends at `head`, under this epoch. */
  restored(conversation: string, epoch: string, head: number, seats: Iterable<Seat>): void
  began(conversation: string, epoch: string): void
  now(conversation: string): Line | undefined
  /** The line on which a position stands. */
  lineOf(conversation: string, at: { readonly epoch: string; readonly head: number; readonly tag: string }): Line | undefined
  /** Has a backup been restored under this epoch? Then two lines bear its name. */
  wentBack(conversation: string, epoch: string): boolean
  /** Did this local id ever take effect, on whatever line? */
  everLanded(conversation: string, author: string, localId: string): boolean
  /** A user has looked at everything up to here. */
  looked(conversation: string, epoch: string, user: string, seq: number): void
  /** A user has marked the conversation as unread again from this place on. */
  asked(conversation: string, epoch: string, user: string, at: number): void
  /** The highest watermarks the store ever had for this user in this epoch. */
  highest(conversation: string, epoch: string, user: string): { readonly delivered: number; readonly read: number }
}

export const ownKey = (author: string, localId: string): string => `${author} ${localId}`

const emptyLine = (epoch: string): Line => ({
  epoch,
  changes: [],
  places: [],
  states: new Map(),
  own: new Map(),
  marks: new Map(),
  lanes: new Map(),
})

/** `birth` knows own messages; undefined for those whose order is no longer promised. */
export function truthOf(journal: Journal, birth: (localId: string) => Birth | undefined): Truth {
  const lines = new Map<string, Line[]>()
  const looked = new Map<string, number>()
  const asked = new Map<string, number[]>()
  const highest = new Map<string, { delivered: number; read: number }>()
  const now = (conversation: string) => lines.get(conversation)?.at(-1)
  const add = (conversation: string, line: Line) => lines.set(conversation, [...(lines.get(conversation) ?? []), line])
  const present = (conversation: string): Line => {
    const line = now(conversation)
    if (!line) throw new Error(`The store wrote to ${conversation} before it was made.`)
    return line
  }
  const seated = (conversation: string, { epoch }: Line, { user, delivered, read }: Seat) => {
    const key = `${conversation} ${epoch} ${user}`
    const was = highest.get(key) ?? { delivered: 0, read: 0 }
    highest.set(key, { delivered: Math.max(was.delivered, delivered), read: Math.max(was.read, read) })
    return key
  }

  return {
    now,
    began: (conversation, epoch) => add(conversation, emptyLine(epoch)),
    message(conversation, row) {
      learnMessage(journal, present(conversation), row, birth)
    },
    change(conversation, { seq, tag, message }) {
      const line = present(conversation)
      if (seq !== line.changes.length + 1) journal.broken('L3', `${conversation}: seq ${seq} follows ${line.changes.length}`)
      line.changes.push({ seq, tag, place: message, row: line.states.get(message)?.at(-1) ?? null })
    },
    seat(conversation, seat) {
      const line = present(conversation)
      const key = seated(conversation, line, seat)
      const say = (what: string) => journal.broken('L7', `${conversation}: ${what}`)
      learnSeat(line, seat, looked.get(key) ?? 0, asked.get(key) ?? [], say)
    },
    restored(conversation, epoch, head, seats) {
      const old = now(conversation)
      const line = emptyLine(epoch)
      for (const change of old?.changes.slice(0, head) ?? []) {
        if (change.row) learnMessage(journal, line, change.row, () => undefined)
        line.changes.push(change)
      }
      for (const seat of seats) {
        line.marks.set(seat.user, seat)
        seated(conversation, line, seat)
      }
      add(conversation, line)
    },
    lineOf(conversation, { epoch, head, tag }) {
      return lines.get(conversation)?.findLast((line) => line.epoch === epoch && (head === 0 || line.changes[head - 1]?.tag === tag))
    },
    wentBack: (conversation, epoch) => (lines.get(conversation) ?? []).filter((line) => line.epoch === epoch).length > 1,
    everLanded: (conversation, author, localId) => lines.get(conversation)?.some((line) => line.own.has(ownKey(author, localId))) ?? false,
    looked(conversation, epoch, user, seq) {
      const key = `${conversation} ${epoch} ${user}`
      looked.set(key, Math.max(looked.get(key) ?? 0, seq))
    },
    asked(conversation, epoch, user, at) {
      const key = `${conversation} ${epoch} ${user}`
      asked.set(key, [...(asked.get(key) ?? []), at])
    },
    highest: (conversation, epoch, user) => highest.get(`${conversation} ${epoch} ${user}`) ?? { delivered: 0, read: 0 },
  }
}

/** The registers of one user: `looked` is how far this user has looked, `asked` where this user has marked it unread, in this epoch. */
function learnSeat(line: Line, seat: Seat, looked: number, asked: readonly number[], say: (what: string) => void): void {
  const { user, delivered, read, marked } = seat
  const { at, rev } = marked
  const was = line.marks.get(user) ?? { delivered: 0, read: 0, marked: { at: 0, rev: 0 } }
  const head = line.changes.length
  if (read < was.read || delivered < was.delivered) say(`the watermarks of ${user} were lowered`)
  if (read > head || delivered > head) say(`a watermark of ${user} is above the head ${head}`)
  if (delivered < read) say(`${user} has read ${read} but was delivered ${delivered}`)
  if (read > was.read && read > looked) say(`${user} is said to have read ${read} but looked at ${looked} in this epoch`)
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
    if (row.rev <= (held.at(-1) as MessageRow).rev) journal.broken('L3', `message ${row.seq} was revised from a later state to ${row.rev}`)
    held.push(row)
    return
  }
  if (row.index !== line.places.length) journal.broken('L3', `message ${row.seq} has index ${row.index}, not ${line.places.length}`)
  line.states.set(row.seq, [row])
  line.places.push(row.seq)
  if (row.localId === undefined) return
  const key = ownKey(row.author, row.localId)
  if (line.own.has(key)) journal.broken('L2', `${key} took effect at ${line.own.get(key)} and again at ${row.seq}`)
  line.own.set(key, row.seq)
  const born = birth(row.localId)
  if (!born) return
  const newest = line.lanes.get(born.lane) ?? -1
  if (born.n < newest) journal.broken('L6', `${key}, number ${born.n} of its lane, landed at ${row.seq} after number ${newest}`)
  line.lanes.set(born.lane, Math.max(newest, born.n))
}
