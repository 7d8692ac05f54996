/**
 * The server's store in a world: the shipped ledger over memory, with what happens to real ones: it is slow, it fails, its
 * process dies around a commit, and it comes back as an older backup. What it writes is told to the truth as it is written.
 */
import type { Faults } from '../../server/faults.js'
import { storeOver } from '../../server/ledger/store-over.js'
import { type MemoryData, memoryTables } from '../../server/memory-tables.js'
import type { Store } from '../../server/store.js'
import type { Tables } from '../../server/tables.js'
import type { Journal } from './journal.js'
import type { Truth } from './oracle/truth.js'
import type { Time } from './time.js'

/** What the next call of its kind meets. */
export type StoreTrouble = 'kill-before' | 'kill-after' | 'fail-write' | 'fail-read'

export interface FragileStore {
  /** A store for one life of the server: its calls never settle once `alive` is false. */
  forLife(alive: () => boolean, kill: () => void): Store
  arm(trouble: StoreTrouble): void
  disarm(): void
  /** Remembers the present state as a backup. */
  backUp(): void
  /** Goes back to the oldest backup; false where there is none. */
  restore(newEpoch: (() => string) | undefined): boolean
  readonly rooms: () => Iterable<string>
}

export interface StoreParts {
  readonly time: Time
  readonly journal: Journal
  readonly truth: Truth
  readonly faults: Faults | undefined
  readonly storeMs: number
}

const never = new Promise<never>(() => {})

export function fragileStore(parts: StoreParts): FragileStore {
  const { journal, truth } = parts
  const armed = new Set<StoreTrouble>()
  let data: MemoryData = new Map()
  let backups: MemoryData[] = []
  let store = storeOver(watched(memoryTables(data), truth), parts.faults)
  const take = (trouble: StoreTrouble) => armed.delete(trouble)
  const conversations = () => [...data.values()].flatMap((tenant) => [...tenant.conversations.values()])

  return {
    forLife: (alive, kill) => mortal(parts, () => store, take, alive, kill),
    arm: (trouble) => void armed.add(trouble),
    disarm: () => armed.clear(),
    backUp() {
      backups = [...backups.slice(-2), copyOf(data)]
    },
    restore(newEpoch) {
      const backup = backups[0]
      if (!backup) return false
      backups = []
      data = backup
      for (const conversation of conversations()) {
        if (newEpoch) conversation.record = { ...conversation.record, epoch: newEpoch() }
        const { conversation: id, epoch, head } = conversation.record
        truth.restored(id, epoch, head, conversation.seats.values())
      }
      store = storeOver(watched(memoryTables(data), truth), parts.faults)
      journal.note('restored')
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
      if (!tables.conversation(record)) truth.began(record.conversation, record.epoch)
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
  for (const [tenant, { conversations, people, joined, stamp }] of data) {
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
    copy.set(tenant, { conversations: kept, people: new Map(people), joined: sets, stamp })
  }
  return copy
}

type Take = (trouble: StoreTrouble) => boolean

function mortal({ time, journal, storeMs }: StoreParts, store: () => Store, take: Take, alive: () => boolean, kill: () => void): Store {
  const wait = () => new Promise<void>((resolve) => time.later(storeMs, resolve))
  const slowly = async <T>(work: () => Promise<T>): Promise<T> => {
    if (storeMs > 0) await wait()
    if (!alive()) return never
    const result = await work()
    if (storeMs > 0) await wait()
    time.beat()
    return alive() ? result : never
  }
  const read = <T>(work: () => Promise<T>): Promise<T> =>
    slowly(() => {
      if (!take('fail-read')) return work()
      journal.fired('store read failed')
      return Promise.reject(new Error('The store did not answer.'))
    })
  return {
    write: (batch, mint) =>
      slowly(async () => {
        if (take('fail-write')) {
          journal.fired('store write failed')
          throw new Error('The store took nothing.')
        }
        if (take('kill-before')) {
          journal.fired('server killed before a commit')
          kill()
          return never
        }
        const outcomes = await store().write(batch, mint)
        if (!take('kill-after')) return outcomes
        journal.fired('server killed after a commit')
        kill()
        return never
      }),
    open: (at) => read(() => store().open(at)),
    page: (at) => read(() => store().page(at)),
    inbox: (at) => read(() => store().inbox(at)),
    members: (at) => read(() => store().members(at)),
    changes: (at) => read(() => store().changes(at)),
    news: (after) => read(() => store().news(after)),
    async close() {},
  }
}
