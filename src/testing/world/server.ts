/** The server's process in a world: the shipped hub behind a door, and a life that ends and begins again. */
import type { Faults } from '../../server/faults.js'
import { createHub } from '../../server/hub.js'
import type { Chance } from './chance.js'
import { type Caller, door, type Life, type Orders, type Visit } from './door.js'
import { type FragileStore, fragileStore } from './fragile-store.js'
import type { Journal } from './journal.js'
import type { Truth } from './oracle/truth.js'
import type { Plan } from './plan.js'
import type { Time } from './time.js'

export interface WorldServer {
  readonly store: FragileStore
  readonly orders: Orders
  isUp(): boolean
  enter(caller: Caller): Visit
  start(): void
  kill(): void
  drain(): void
  put(room: string, members: readonly string[]): void
  post(room: string, id: string, author: string, content: unknown): void
}

export interface ServerParts {
  readonly time: Time
  readonly chance: Chance
  readonly journal: Journal
  readonly plan: Plan
  readonly truth: Truth
  readonly faults: Faults | undefined
  /** Called when the process has died. */
  readonly died: () => void
}

const drainMs = 500

export function worldServer(parts: ServerParts): WorldServer {
  const { time, journal, plan, truth, faults } = parts
  const store = fragileStore({ time, journal, truth, faults, storeMs: plan.storeMs })
  const { orders, enter, cutAll } = door(journal, truth)
  let minted = 0
  let life: Life | null = null

  const kill = () => {
    if (life) life.alive = false
    life = null
    cutAll()
    parts.died()
  }

  const turnOf = (alive: () => boolean) => (run: () => void) => {
    time.beat()
    queueMicrotask(() => {
      time.beat()
      if (alive()) run()
    })
  }

  const start = () => {
    if (life) return
    const alive = () => born.alive
    const options = {
      store: store.forLife(alive, kill),
      clock: { now: () => time.clock.wall() },
      mint: () => `i${++minted}`,
      turn: turnOf(alive),
    }
    const born: Life = { alive: true, hub: createHub(options, faults) }
    life = born
  }

  return {
    store,
    orders,
    isUp: () => life !== null,
    start,
    kill,
    enter: (caller) => enter(life, caller),
    drain() {
      life?.hub.drain(drainMs)
    },
    put: (room, members) =>
      void life?.hub.put({ tenant: '', conversation: room, members: members.map((user) => ({ user })) }).catch(() => {}),
    post: (room, id, author, content) => void life?.hub.post({ tenant: '', conversation: room, id, author, content }).catch(() => {}),
  }
}
