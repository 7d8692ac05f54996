/**
 * The server in a world: processes of the shipped hub over one store, behind one door, with lives that end and begin again. A link
 * enters at the process that the door gives it to; today there is one.
 */
import type { Faults } from '../../server/faults.js'
import { createHub, type PutInput } from '../../server/hub.js'
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
  /** Dies, and comes back as an older build until it dies again. */
  rollBack(): void
  isOld(): boolean
  drain(): void
  /** Its clock is off by so much from now on. */
  jump(ms: number): void
  put(input: Omit<PutInput, 'tenant'>): void
  post(room: string, id: string, author: string, content: unknown): void
  /** Connections that are not closed. */
  links(): number
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
  /** Called when commits are gone that were not synced. */
  readonly unsynced: () => void
}

const drainMs = 500

export function worldServer(parts: ServerParts): WorldServer {
  const { time, journal, plan, truth, faults } = parts
  const store = fragileStore({ time, journal, truth, faults, storeMs: plan.storeMs, unsynced: parts.unsynced })
  const { orders, enter, cutAll, size } = door(journal, truth, plan.followed)
  let minted = 0
  let offMs = 0
  let isNextOld = false
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
      clock: { now: () => time.clock.wall() + offMs },
      mint: () => `i${++minted}`,
      turn: turnOf(alive),
    }
    const born: Life = { alive: true, isOld: isNextOld, hub: createHub(options, faults), kill }
    isNextOld = false
    life = born
  }

  return {
    store,
    orders,
    isUp: () => life !== null,
    start,
    kill,
    rollBack() {
      isNextOld = true
      journal.fired('server rolled back to an older build')
      kill()
    },
    isOld: () => life?.isOld ?? false,
    enter: (caller) => enter(life, caller),
    drain() {
      life?.hub.drain(drainMs)
    },
    jump(ms) {
      offMs += ms
    },
    put: (input) => void life?.hub.put({ tenant: '', ...input }).catch(() => {}),
    post: (room, id, author, content) => void life?.hub.post({ tenant: '', conversation: room, id, author, content }).catch(() => {}),
    links: size,
  }
}
