/**
 * Writes of membership and profiles. The members of the first `put` are there from place 0; whoever joins or leaves later does so
 * by a change of the log (R1). A joiner starts with the past marked as read.
 */
import type { Change, Person } from '../../protocol/frames.js'
import type { JoinWrite, MemberInput, Outcome, Place, PersonWrite, PutWrite, StoredChange } from '../store.js'
import type { ConversationRecord, SeatRecord } from '../tables.js'
import type { Ledger } from './ledger.js'

export function put(ledger: Ledger, write: PutWrite): Outcome {
  const { tables } = ledger
  const people = write.members.flatMap((member) => tellPerson(ledger, write.tenant, member))
  const found = tables.conversation(write)
  const wanted = new Set(write.members.map((member) => member.user))
  if (!found) return begin(ledger, write, wanted, people)
  const before = tables.seats(write, Number.MAX_SAFE_INTEGER).map((seat) => seat.user)
  const changes: StoredChange[] = []
  const note = (change: Change, user: string) => changes.push(record(ledger, write, change, user))
  if (write.history && write.history !== found.history) tables.putConversation({ ...found, history: write.history })
  for (const user of before) if (!wanted.has(user)) leave(ledger, write, user, note)
  for (const user of wanted) join(ledger, write, user, note)
  if (write.profile && JSON.stringify(write.profile) !== JSON.stringify(found.profile)) {
    tables.putConversation({ ...present(ledger, write), profile: write.profile })
    note({ kind: 'profile', profile: write.profile }, '')
  }
  return arranged(ledger, write, changes, [...new Set([...before, ...wanted])], people)
}

export function joinOne(ledger: Ledger, write: JoinWrite): Outcome {
  const { tables } = ledger
  if (!tables.conversation(write)) return begin(ledger, write, new Set([write.user]), [])
  const changes: StoredChange[] = []
  join(ledger, write, write.user, (change, user) => changes.push(record(ledger, write, change, user)))
  return arranged(ledger, write, changes, [write.user], [])
}

export function person(ledger: Ledger, write: PersonWrite): Outcome {
  const told = tellPerson(ledger, write.tenant, write)
  return { kind: 'named', conversations: told.length ? ledger.tables.conversationsOf(write.tenant, write.user) : [] }
}

function begin({ tables, mint }: Ledger, write: PutWrite | JoinWrite, users: ReadonlySet<string>, people: readonly Person[]): Outcome {
  const { tenant, conversation } = write
  const settings = write.kind === 'put' ? write : undefined
  const stamp = tables.nextStamp(tenant)
  const epoch = mint()
  const { profile = {}, history = 'full' } = settings ?? {}
  const members = users.size
  tables.putConversation({ tenant, conversation, epoch, head: 0, tag: '', messages: 0, members, profile, history, stamp })
  for (const user of users)
    tables.putSeat(write, { user, active: true, stints: [{ joined: 0, closed: false }], delivered: 0, read: 0, stamp })
  return { kind: 'arranged', epoch, head: 0, changes: [], members: [...users], people, stamp }
}

type Note = (change: Change, user: string) => void

function join(ledger: Ledger, at: Place, user: string, note: Note): void {
  const { tables } = ledger
  const seat = tables.seat(at, user)
  if (seat?.active) return
  const conversation = present(ledger, at)
  const joined = conversation.head + 1
  tables.putConversation({ ...conversation, members: conversation.members + 1 })
  note({ kind: 'member', user, joined: true }, user)
  const stints = [...(seat?.stints ?? []), { joined, closed: conversation.history === 'from-join' }]
  tables.putSeat(at, { user, active: true, stints, delivered: joined, read: joined, stamp: tables.nextStamp(at.tenant) })
}

function leave(ledger: Ledger, at: Place, user: string, note: Note): void {
  const { tables } = ledger
  const seat = tables.seat(at, user)
  if (!seat?.active) return
  const conversation = present(ledger, at)
  tables.putConversation({ ...conversation, members: conversation.members - 1 })
  note({ kind: 'member', user, joined: false }, user)
  tables.putSeat(at, { ...closeStint(seat, conversation.head + 1), active: false, stamp: tables.nextStamp(at.tenant) })
}

function closeStint(seat: SeatRecord, left: number): SeatRecord {
  return { ...seat, stints: seat.stints.map((stint, i) => (i === seat.stints.length - 1 ? { ...stint, left } : stint)) }
}

function record(ledger: Ledger, at: Place, change: Change, user: string): StoredChange {
  const { tables, mint } = ledger
  const conversation = present(ledger, at)
  const seq = conversation.head + 1
  const tag = mint()
  tables.putChange(at, { seq, tag, message: 0, user, localId: '' })
  tables.putConversation({ ...conversation, head: seq, tag, stamp: tables.nextStamp(at.tenant) })
  return { seq, tag, change }
}

function present({ tables }: Ledger, at: Place): ConversationRecord {
  const conversation = tables.conversation(at)
  if (!conversation) throw new Error(`The conversation ${at.conversation} vanished inside a transaction; the store breaks its own rules.`)
  return conversation
}

function arranged(
  ledger: Ledger,
  at: Place,
  changes: readonly StoredChange[],
  members: readonly string[],
  people: readonly Person[],
): Outcome {
  const { epoch, head } = present(ledger, at)
  const told = new Set(people.map((one) => one.user))
  const joiners = changes.flatMap(({ change }) =>
    change.kind === 'member' && change.joined && !told.has(change.user) ? [change.user] : [],
  )
  const unknown = joiners.flatMap((user) => {
    const profile = ledger.tables.person(at.tenant, user)
    return profile ? [{ user, profile }] : []
  })
  const stamp = changes.length ? ledger.tables.lastStamp(at.tenant) : undefined
  return { kind: 'arranged', epoch, head, changes, members, people: [...people, ...unknown], stamp }
}

/** Stores a profile that is new, and says so. */
function tellPerson({ tables }: Ledger, tenant: string, { user, profile }: MemberInput): Person[] {
  if (!profile || JSON.stringify(tables.person(tenant, user)) === JSON.stringify(profile)) return []
  tables.putPerson(tenant, user, profile)
  return [{ user, profile }]
}
