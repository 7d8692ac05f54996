/**
 * Writes of membership and profiles. The members of the first `put` are there from place 0; whoever joins or leaves later does so
 * by a change of the log (R1). A joiner starts with the past marked as read.
 */
import type { Change } from '../../protocol/frames.js'
import type { JoinWrite, Outcome, Place, PersonWrite, PutWrite, StoredChange } from '../store.js'
import type { ConversationRecord, Stint } from '../tables.js'
import type { Ledger } from './ledger.js'

/** One new name makes at most so many inbox rows new; others show it when they change next. */
const renamedRows = 1_000

export function put(ledger: Ledger, write: PutWrite): Outcome {
  const { tables } = ledger
  const found = tables.conversation(write)
  const wanted = new Set(write.members)
  if (!found) return begin(ledger, write, wanted)
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
  return arranged(ledger, write, changes)
}

export function joinOne(ledger: Ledger, write: JoinWrite): Outcome {
  const { tables } = ledger
  if (!tables.conversation(write)) return begin(ledger, write, new Set([write.user]))
  const changes: StoredChange[] = []
  join(ledger, write, write.user, (change, user) => changes.push(record(ledger, write, change, user)))
  return arranged(ledger, write, changes)
}

export function person({ tables }: Ledger, { tenant, user, profile }: PersonWrite): Outcome {
  if (JSON.stringify(tables.person(tenant, user)) === JSON.stringify(profile)) return { kind: 'named', conversations: [], rows: [] }
  tables.putPerson(tenant, user, profile)
  const seated = tables.seated({ tenant, user, after: 0, to: tables.lastStamp(tenant), newestFirst: true, limit: renamedRows })
  const rows = seated.flatMap(({ seat, conversation }) => (seat.active ? [conversation] : []))
  // From the oldest on, so that they keep their order.
  for (const conversation of rows.reverse()) tables.putConversation({ ...conversation, stamp: tables.nextStamp(tenant) })
  return {
    kind: 'named',
    conversations: tables.conversationsOf(tenant, user),
    rows: rows.map(({ conversation }) => conversation),
    stamp: tables.lastStamp(tenant),
  }
}

function begin({ tables, mint }: Ledger, write: PutWrite | JoinWrite, users: ReadonlySet<string>): Outcome {
  const { tenant, conversation } = write
  const settings = write.kind === 'put' ? write : undefined
  const stamp = tables.nextStamp(tenant)
  const epoch = mint()
  const { profile = {}, history = 'full' } = settings ?? {}
  const members = users.size
  tables.putConversation({ tenant, conversation, epoch, head: 0, tag: '', messages: 0, members, profile, history, stamp })
  for (const user of users)
    tables.putSeat(write, { user, active: true, stints: [{ joined: 0, closed: false }], delivered: 0, read: 0, marked: unmarked, stamp })
  return { kind: 'arranged', epoch, head: 0, changes: [], people: [], stamp }
}

const unmarked = { at: 0, rev: 0 }

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
  // What this user had marked before is over, and says so to devices that still hold it. A client may have named the last number there is.
  const rev = Math.min((seat?.marked.rev ?? 0) + 1, Number.MAX_SAFE_INTEGER)
  const marked = seat && seat.marked.at > 0 ? { at: 0, rev } : (seat?.marked ?? unmarked)
  tables.putSeat(at, { user, active: true, stints, delivered: joined, read: joined, marked, stamp: tables.nextStamp(at.tenant) })
}

function leave(ledger: Ledger, at: Place, user: string, note: Note): void {
  const { tables } = ledger
  const seat = tables.seat(at, user)
  if (!seat?.active) return
  const conversation = present(ledger, at)
  tables.putConversation({ ...conversation, members: conversation.members - 1 })
  note({ kind: 'member', user, joined: false }, user)
  const stints = seat.stints.with(-1, { ...(seat.stints.at(-1) as Stint), left: conversation.head + 1 })
  tables.putSeat(at, { ...seat, stints, active: false, stamp: tables.nextStamp(at.tenant) })
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

function arranged(ledger: Ledger, at: Place, changes: readonly StoredChange[]): Outcome {
  const { tables } = ledger
  const { epoch, head } = present(ledger, at)
  const people = changes.flatMap(({ change }) => {
    const profile = change.kind === 'member' && change.joined ? tables.person(at.tenant, change.user) : undefined
    return profile && change.kind === 'member' ? [{ user: change.user, profile }] : []
  })
  const stamp = changes.length ? tables.lastStamp(at.tenant) : undefined
  return { kind: 'arranged', epoch, head, changes, people, stamp }
}
