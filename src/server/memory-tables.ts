/**
 * Rows in the memory of this process. `MemoryData` is plain (maps, arrays, records), so that a test can copy it with
 * `structuredClone` and play a restored backup. Changes and messages are dense, so arrays hold them.
 */
import type { MessageRow, Profile } from '../protocol/frames.js'
import type { Place } from './store.js'
import {
  type ChangeRecord,
  type ConversationRecord,
  joinedAt,
  keptLines,
  type Line,
  type SeatRecord,
  type Seated,
  type Tables,
} from './tables.js'

interface ConversationData {
  record: ConversationRecord
  readonly seats: Map<string, SeatRecord>
  readonly changes: ChangeRecord[]
  readonly messages: MessageRow[]
  /** author → local id → seq */
  readonly localIds: Map<string, Map<string, number>>
}

interface TenantData {
  readonly conversations: Map<string, ConversationData>
  readonly people: Map<string, Profile>
  /** user → conversations ever joined */
  readonly joined: Map<string, Set<string>>
  stamp: number
  lines: readonly Line[]
}

export type MemoryData = Map<string, TenantData>

const newTenant = (): TenantData => ({ conversations: new Map(), people: new Map(), joined: new Map(), stamp: 0, lines: [] })

export function memoryTables(data: MemoryData = new Map()): Tables {
  const tenantOf = (tenant: string) => data.get(tenant) ?? held(data, tenant, newTenant)
  // A write asks for the rows of one conversation many times in a row. Conversations never go, so the last one found stays right.
  let last: ConversationData | undefined
  function find({ tenant, conversation }: Place): ConversationData | undefined {
    if (last && last.record.conversation === conversation && last.record.tenant === tenant) return last
    const found = tenantOf(tenant).conversations.get(conversation)
    if (found) last = found
    return found
  }
  return {
    // What runs inside validates before it writes and never waits, so there is nothing to roll back.
    transaction: (run) => run(),
    conversation: (at) => find(at)?.record,
    putConversation(record) {
      const found = find(record)
      if (found) found.record = record
      else
        tenantOf(record.tenant).conversations.set(record.conversation, {
          record,
          seats: new Map(),
          changes: [],
          messages: [],
          localIds: new Map(),
        })
    },
    person: (tenant, user) => tenantOf(tenant).people.get(user),
    putPerson(tenant, user, profile) {
      tenantOf(tenant).people.set(user, profile)
    },
    nextStamp: (tenant) => ++tenantOf(tenant).stamp,
    lastStamp: (tenant) => tenantOf(tenant).stamp,
    lines: (tenant) => tenantOf(tenant).lines,
    putLine(tenant, line) {
      const held = tenantOf(tenant)
      held.lines = [...held.lines, line].slice(-keptLines)
    },
    close() {},
    ...seatTables(tenantOf, find),
    ...logTables(find),
  }
}

type Find = (at: Place) => ConversationData | undefined

function seatTables(tenantOf: (tenant: string) => TenantData, find: Find) {
  function* seatedOf(tenant: string, user: string): Generator<Seated> {
    const { joined, conversations } = tenantOf(tenant)
    for (const id of joined.get(user) ?? []) {
      const conversation = conversations.get(id)
      const seat = conversation?.seats.get(user)
      if (conversation && seat)
        yield { conversation: conversation.record, seat, stamp: seat.active ? Math.max(seat.stamp, conversation.record.stamp) : seat.stamp }
    }
  }
  /** Who is in, who joined last first; forgotten at every change of members. */
  const rosters = new WeakMap<ConversationData, readonly string[]>()
  return {
    seat: (at: Place, user: string) => find(at)?.seats.get(user),
    putSeat(at: Place, seat: SeatRecord) {
      const found = find(at)
      const before = found?.seats.get(seat.user)
      if (found && (before?.active !== seat.active || before.stints !== seat.stints)) rosters.delete(found)
      found?.seats.set(seat.user, seat)
      held(tenantOf(at.tenant).joined, seat.user, () => new Set()).add(at.conversation)
    },
    seats(at: Place, limit: number) {
      const active = [...(find(at)?.seats.values() ?? [])].filter((seat) => seat.active)
      return active.sort((a, b) => (a.user < b.user ? -1 : 1)).slice(0, limit)
    },
    newest(at: Place, limit: number) {
      const found = find(at)
      if (!found) return []
      const roster = rosters.get(found) ?? newestFirst(found.seats.values())
      rosters.set(found, roster)
      return roster.slice(0, limit)
    },
    seated: ({ tenant, user, after, to, newestFirst, limit }: Parameters<Tables['seated']>[0]) =>
      [...seatedOf(tenant, user)]
        .filter(({ stamp }) => stamp > after && stamp <= to)
        .sort((a, b) => (newestFirst ? b.stamp - a.stamp : a.stamp - b.stamp))
        .slice(0, limit),
    conversationsOf: (tenant: string, user: string) =>
      [...seatedOf(tenant, user)].filter(({ seat }) => seat.active).map(({ conversation }) => conversation.conversation),
  }
}

function newestFirst(seats: Iterable<SeatRecord>): readonly string[] {
  const active = [...seats].filter((seat) => seat.active)
  return active.sort((a, b) => joinedAt(b) - joinedAt(a) || (a.user < b.user ? -1 : 1)).map((seat) => seat.user)
}

function logTables(find: Find) {
  const messagesOf = (at: Place) => find(at)?.messages ?? []
  return {
    localId: (at: Place, author: string, localId: string) => find(at)?.localIds.get(author)?.get(localId),
    putLocalId(at: Place, author: string, localId: string, seq: number) {
      const found = find(at)
      if (found) held(found.localIds, author, () => new Map()).set(localId, seq)
    },
    tag: (at: Place, seq: number) => find(at)?.changes[seq - 1]?.tag,
    putChange(at: Place, change: ChangeRecord) {
      find(at)?.changes.push(change)
    },
    changes: (at: Place, from: number, to: number) => find(at)?.changes.slice(from, to) ?? [],
    message(at: Place, seq: number) {
      const messages = messagesOf(at)
      const message = messages[firstFrom(messages, seq)]
      return message?.seq === seq ? message : undefined
    },
    putMessage(at: Place, message: MessageRow) {
      messagesOf(at)[message.index] = message
    },
    messages(at: Place, { after, before, newestFirst, limit }: Parameters<Tables['messages']>[1]) {
      const messages = messagesOf(at)
      const [start, end] = [firstFrom(messages, after + 1), firstFrom(messages, before)]
      return newestFirst ? messages.slice(Math.max(start, end - limit), end).reverse() : messages.slice(start, Math.min(end, start + limit))
    },
    countMessages: (at: Place, from: number, to: number) => firstFrom(messagesOf(at), to + 1) - firstFrom(messagesOf(at), from),
    countUnread(at: Place, user: string, { after, before }: Parameters<Tables['countUnread']>[2], limit: number) {
      const messages = messagesOf(at)
      const end = firstFrom(messages, before)
      let count = 0
      for (let i = firstFrom(messages, after + 1); i < end && count < limit; i++)
        if (messages[i]?.author !== user && !messages[i]?.deleted) count++
      return count
    },
  }
}

/** The position of the first message with a place at or above `seq`. */
function firstFrom(messages: readonly MessageRow[], seq: number): number {
  let [low, high] = [0, messages.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if ((messages[middle]?.seq ?? 0) < seq) low = middle + 1
    else high = middle
  }
  return low
}

function held<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const found = map.get(key)
  if (found !== undefined) return found
  const made = make()
  map.set(key, made)
  return made
}
