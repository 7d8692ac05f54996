/**
 * What was written lately, for nodes that share an embedded store: each conversation, register and person once, by the number of its
 * last write. In memory alone, as those nodes live in the process that has the store. It begins when it is first asked for.
 */
import { keyOf } from '../key.js'
import type { LeftNews, MarkNews, MovedNews, News, Outcome, PersonNews, PersonWrite, Place, StoreWrite } from '../store.js'
import type { Tables } from '../tables.js'

/** Things of one kind that are kept in mind; older ones are lost to who asks too late. */
const kept = 50_000

export interface Journal {
  note(batch: readonly StoreWrite[], outcomes: readonly Outcome[]): void
  since(after?: string): News
}

type OutcomeOf<K extends Outcome['kind']> = Extract<Outcome, { kind: K }>

/** Things in the order of their last writes. */
interface Shelf<T> {
  readonly things: Map<string, { readonly n: number; readonly thing: T }>
  /** Whatever was written up to here may be gone. */
  gone: number
}

interface Shelves {
  /** Writes so far. */
  n: number
  readonly moved: Shelf<Moved>
  readonly seats: Shelf<MarkNews | LeftNews>
  readonly people: Shelf<PersonNews>
}

interface Moved extends Place {
  /** Read when it is asked for; dropped with every change of members. */
  members: readonly string[] | undefined
}

/** Tells them apart: a cursor of another store is worth nothing. */
let journals = 0

export function createJournal(tables: Tables): Journal {
  const name = `${++journals}`
  const shelves: Shelves = { n: 0, moved: newShelf(), seats: newShelf(), people: newShelf() }
  return {
    note(batch, outcomes) {
      for (const [i, write] of batch.entries()) note(shelves, write, outcomes[i] as Outcome)
    },
    since(after) {
      const nothing = { next: `${name}.${shelves.n}`, moved: [], marks: [], left: [], people: [], stamps: [] }
      if (after === undefined) return nothing
      const from = after.startsWith(`${name}.`) ? Number(after.slice(name.length + 1)) : -1
      if (from < Math.max(shelves.moved.gone, shelves.seats.gone, shelves.people.gone)) return { ...nothing, lost: true }
      return { ...nothing, ...freshOf(tables, shelves, from) }
    },
  }
}

function note(shelves: Shelves, write: StoreWrite, outcome: Outcome): void {
  shelves.n++
  if (outcome.kind === 'stored' && write.kind !== 'person') move(shelves, write)
  else if (outcome.kind === 'marked' && write.kind !== 'person') mark(shelves, write, outcome)
  else if (outcome.kind === 'arranged' && write.kind !== 'person') arrange(shelves, write, outcome)
  else if (outcome.kind === 'named' && write.kind === 'person') introduce(shelves, write, outcome)
}

function move({ moved, n }: Shelves, { tenant, conversation }: Place, isArranged = false): void {
  const key = keyOf(tenant, conversation)
  const members = isArranged ? undefined : moved.things.get(key)?.thing.members
  put(moved, key, n, { tenant, conversation, members })
}

function mark({ seats, n }: Shelves, { tenant, conversation }: Place, outcome: OutcomeOf<'marked'>): void {
  const { epoch, mark, memberCount, stamp, moved } = outcome
  if (!moved && stamp === undefined) return
  const key = seatKey(tenant, conversation, mark.user)
  const before = seats.things.get(key)?.thing
  const known = stamp ?? (before && 'mark' in before ? before.stamp : undefined)
  put(seats, key, n, { tenant, conversation, epoch, mark, memberCount, stamp: known })
}

function arrange(shelves: Shelves, { tenant, conversation }: Place, { changes, stamp }: OutcomeOf<'arranged'>): void {
  if (stamp === undefined) return
  move(shelves, { tenant, conversation }, true)
  for (const { seq, change } of changes) {
    if (change.kind !== 'member') continue
    const key = seatKey(tenant, conversation, change.user)
    if (change.joined) shelves.seats.things.delete(key)
    else put(shelves.seats, key, shelves.n, { tenant, conversation, user: change.user, seq, stamp })
  }
}

function introduce(shelves: Shelves, { tenant, user, profile }: PersonWrite, outcome: OutcomeOf<'named'>): void {
  const { conversations, rows, stamp } = outcome
  if (stamp === undefined) return
  put(shelves.people, keyOf(tenant, user), shelves.n, { tenant, person: { user, profile }, conversations, stamp })
  for (const conversation of rows) move(shelves, { tenant, conversation })
}

function freshOf(tables: Tables, { moved, seats, people }: Shelves, after: number): Omit<News, 'next'> {
  const conversations = fresh(moved, after)
  const registers = fresh(seats, after)
  const named = fresh(people, after)
  const tenants = new Set([...conversations, ...registers, ...named].map(({ tenant }) => tenant))
  return {
    moved: conversations.flatMap((one) => newsOf(tables, one) ?? []),
    marks: registers.filter((one): one is MarkNews => 'mark' in one),
    left: registers.filter((one): one is LeftNews => 'seq' in one),
    people: named,
    stamps: [...tenants].map((tenant) => ({ tenant, stamp: tables.lastStamp(tenant) })),
  }
}

function newsOf(tables: Tables, moved: Moved): MovedNews | undefined {
  const record = tables.conversation(moved)
  if (!record) return undefined
  moved.members ??= tables.newest(moved, Number.MAX_SAFE_INTEGER)
  const { tenant, conversation, epoch, head, stamp } = record
  return { tenant, conversation, epoch, head, stamp, members: moved.members }
}

const seatKey = (tenant: string, conversation: string, user: string) => keyOf(keyOf(tenant, conversation), user)

const newShelf = <T>(): Shelf<T> => ({ things: new Map(), gone: 0 })

function put<T>(shelf: Shelf<T>, key: string, n: number, thing: T): void {
  const { things } = shelf
  things.delete(key)
  things.set(key, { n, thing })
  const [oldest] = things
  if (things.size <= kept || !oldest) return
  things.delete(oldest[0])
  shelf.gone = oldest[1].n
}

function fresh<T>({ things }: Shelf<T>, after: number): T[] {
  const found: T[] = []
  for (const { n, thing } of things.values()) if (n > after) found.push(thing)
  return found
}
