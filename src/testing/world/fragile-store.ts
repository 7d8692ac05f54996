/**
 * The server's store in a world: the shipped ledger over memory, with what happens to real ones: it is slow, full, it fails, its
 * process dies around a commit, it loses what was not synced, it lags, and it comes back as an older backup. What it writes is told
 * to the truth as it is written. Several lives of servers may stand over it.
 */
import { storeOver } from '../../server/ledger/store-over.js'
import { type MemoryData, memoryTables } from '../../server/memory-tables.js'
import type { Store } from '../../server/store.js'
import type { Tables } from '../../server/tables.js'
import type { FaultName } from './faults.js'
import type { Journal } from './journal.js'
import type { Truth } from './oracle/truth.js'
import { never, type Time } from './time.js'

/** What the next call of its kind meets. */
export type StoreTrouble = 'kill-before' | 'kill-after' | 'fail-write' | 'fail-read' | 'lag' | 'unsynced'

export interface FragileStore {
  /** A store for one life of the server: its calls never settle once `alive` is false. */
  forLife(alive: () => boolean, kill: () => void): Store
  arm(trouble: StoreTrouble): void
  disarm(): void
  /** Writes fail for so long. */
  fill(forMs: number): void
  /** Every call takes so much longer for so long. */
  slow(byMs: number, forMs: number): void
  /** Remembers the present state as a backup. */
  backUp(): void
  /** Goes back to the oldest backup, perhaps under servers that live; false where there is none. */
  restore(newEpoch: (() => string) | undefined, alive: boolean): boolean
  readonly rooms: () => Iterable<string>
}

export interface StoreParts {
  readonly time: Time
  readonly journal: Journal
  readonly truth: Truth
  readonly storeMs: number
  /** Commits are gone that were not on disk yet. */
  readonly unsynced: () => void
}

/** Ends of the waits of slow calls. */
type Waits = Set<() => void>

interface Weather {
  fullUntilMs: number
  slowUntilMs: number
  slowMs: number
}

/** So many commits are not synced when power fails. */
const unsyncedCommits = 3

export function fragileStore(parts: StoreParts): FragileStore {
  const { journal, truth, time } = parts
  const armed = new Set<StoreTrouble>()
  const waits: Waits = new Set()
  const weather: Weather = { fullUntilMs: 0, slowUntilMs: 0, slowMs: 0 }
  let data: MemoryData = new Map()
  let backups: MemoryData[] = []
  let unsynced: { readonly before: MemoryData; commits: number } | undefined
  const open = (from: MemoryData) => storeOver(watched(memoryTables(from), truth))
  let store = open(data)
  const conversations = () => [...data.values()].flatMap((tenant) => [...tenant.conversations.values()])

  const goBack = (to: MemoryData, newEpoch: (() => string) | undefined, alive = false) => {
    data = to
    unsynced = undefined
    // Those of the line that is over would bring it back.
    backups = []
    for (const conversation of conversations()) {
      if (newEpoch) conversation.record = { ...conversation.record, epoch: newEpoch() }
      truth.restored(conversation.record, conversation.seats.values(), alive)
    }
    store = open(data)
    journal.note('restored')
  }

  const present: Present = {
    store: () => store,
    lagging: () => (backups.length > 0 ? storeOver(memoryTables(backups.at(-1) as MemoryData)) : undefined),
    take: (trouble) => armed.delete(trouble),
    weather,
    waits,
    beforeWrite() {
      if (armed.delete('unsynced')) unsynced = { before: copyOf(data), commits: 0 }
    },
    written() {
      if (!unsynced || ++unsynced.commits < unsyncedCommits) return false
      goBack(unsynced.before, undefined)
      parts.unsynced()
      return true
    },
  }

  return {
    forLife: (alive, kill) => mortal(parts, present, alive, kill),
    arm: (trouble) => void armed.add(trouble),
    disarm() {
      armed.clear()
      unsynced = undefined
      Object.assign(weather, { fullUntilMs: 0, slowUntilMs: 0 })
      for (const end of waits) end()
    },
    fill(forMs) {
      weather.fullUntilMs = time.clock.now() + forMs
    },
    slow(byMs, forMs) {
      Object.assign(weather, { slowMs: byMs, slowUntilMs: time.clock.now() + forMs })
    },
    backUp() {
      backups = [...backups.slice(-2), copyOf(data)]
    },
    restore(newEpoch, alive) {
      const backup = backups[0]
      if (!backup) return false
      goBack(backup, newEpoch, alive)
      return true
    },
    rooms: () => conversations().map(({ record }) => record.conversation),
  }
}

/** The tables, telling the truth of every row. */
function watched(tables: Tables, truth: Truth): Tables {
  return {
    ...tables,
    putConversation(record) {
      truth.conversation(record)
      tables.putConversation(record)
    },
    putMessage(at, message) {
      tables.putMessage(at, message)
      truth.message(at.conversation, message)
    },
    putChange(at, change) {
      tables.putChange(at, change)
      truth.change(at.conversation, change)
    },
    putSeat(at, seat) {
      tables.putSeat(at, seat)
      truth.seat(at.conversation, seat)
    },
  }
}

/** Maps and lists are copied; records and rows never change and are shared. */
function copyOf(data: MemoryData): MemoryData {
  const copy: MemoryData = new Map()
  for (const [tenant, { conversations, people, joined, stamp, lines }] of data) {
    const kept = new Map(
      [...conversations].map(([id, { record, seats, changes, messages, localIds }]) => [
        id,
        {
          record,
          seats: new Map(seats),
          changes: changes.slice(),
          messages: messages.slice(),
          localIds: new Map([...localIds].map(([author, ids]) => [author, new Map(ids)] as const)),
        },
      ]),
    )
    const sets = new Map([...joined].map(([user, ids]) => [user, new Set(ids)] as const))
    copy.set(tenant, { conversations: kept, people: new Map(people), joined: sets, stamp, lines })
  }
  return copy
}

interface Present {
  readonly store: () => Store
  /** An older state, if there is one. */
  readonly lagging: () => Store | undefined
  readonly take: (trouble: StoreTrouble) => boolean
  readonly weather: Weather
  readonly waits: Waits
  beforeWrite(): void
  /** True where this commit and those before it are gone again. */
  written(): boolean
}

function mortal({ time, journal, storeMs }: StoreParts, present: Present, alive: () => boolean, kill: () => void): Store {
  const { store, take, weather } = present
  const wait = (ms: number) =>
    new Promise<void>((resolve) => {
      const end = () => {
        if (present.waits.delete(end)) time.beat()
        resolve()
      }
      present.waits.add(end)
      time.later(ms, end)
    })
  const slowly = async <T>(work: () => Promise<T>): Promise<T> => {
    const isSlow = time.clock.now() < weather.slowUntilMs
    if (isSlow) journal.fired('store slow')
    const ms = storeMs + (isSlow ? weather.slowMs : 0)
    if (ms > 0) await wait(ms)
    if (!alive()) return never()
    const result = await work()
    if (ms > 0) await wait(ms)
    time.beat()
    return alive() ? result : never()
  }
  const fail = (fault: FaultName) => {
    journal.fired(fault)
    throw new Error(fault)
  }
  const read = <T>(work: () => Promise<T>): Promise<T> =>
    slowly(() => {
      if (take('fail-read')) fail('store read failed')
      return work()
    })
  const dies = (fault: FaultName) => {
    journal.fired(fault)
    kill()
    return never()
  }
  return {
    write: (batch, mint) =>
      slowly(async () => {
        if (time.clock.now() < weather.fullUntilMs) fail('store full')
        if (take('fail-write')) fail('store write failed')
        if (take('kill-before')) return dies('server killed before a commit')
        present.beforeWrite()
        const outcomes = await store().write(batch, mint)
        if (present.written()) return dies('unsynced commits lost')
        return take('kill-after') ? dies('server killed after a commit') : outcomes
      }),
    open: (at) => read(() => store().open(at)),
    page: (at) =>
      read(async () => {
        const lagging = take('lag') ? present.lagging() : undefined
        const old = await lagging?.page(at)
        if (old) journal.fired('page of a lagging replica')
        return old ?? store().page(at)
      }),
    inbox: (at) => read(() => store().inbox(at)),
    members: (at) => read(() => store().members(at)),
    changes: (at) => read(() => store().changes(at)),
    news: (after) => read(() => store().news(after)),
    async close() {},
  }
}
