/**
 * The server in a world: one node of the shipped hub, or two with a bus between them, over one store and behind one door, with lives that
 * end and begin again. A link enters at a node that is drawn for it, as behind a load balancer.
 */
import type { PutInput } from '../../server/hub.js'
import { type WorldBus, worldBus } from './bus.js'
import type { Chance } from './chance.js'
import { type Caller, door, type Life, type Orders, type Visit } from './door.js'
import { type FragileStore, fragileStore } from './fragile-store.js'
import type { Journal } from './journal.js'
import { type WorldNode, worldNode } from './node.js'
import type { Truth } from './oracle/truth.js'
import type { Plan } from './plan.js'
import type { Time } from './time.js'

export interface WorldServer {
  readonly store: FragileStore
  readonly orders: Orders
  /** Undefined: there is one node. */
  readonly bus: WorldBus | undefined
  isUp(): boolean
  enter(caller: Caller): Visit
  /** Every node that is not alive begins. */
  start(): void
  /** Every node dies. */
  kill(): void
  /** One of the nodes that live and stay, if there is one. */
  node(): WorldNode | undefined
  drain(): void
  /** The clock of one node is off by so much from now on. */
  jump(ms: number): void
  put(input: Omit<PutInput, 'tenant'>): void
  post(room: string, id: string, author: string, content: unknown): void
  /** Every node is alive, of the present build, and stays. */
  heal(): void
  /** Connections that are not closed. */
  links(): number
}

export interface ServerParts {
  readonly time: Time
  readonly chance: Chance
  readonly journal: Journal
  readonly plan: Plan
  readonly truth: Truth
  readonly stormy: () => boolean
  /** Called when commits are gone that were not synced. */
  readonly unsynced: () => void
}

export function worldServer(parts: ServerParts): WorldServer {
  const { time, chance, journal, plan, truth } = parts
  const { orders, enter, cut, size } = door(journal, truth, plan.followed)
  const living = () => nodes.filter((node) => node.life() !== null)
  /** Power is gone for all of them. */
  const unsynced = () => {
    parts.unsynced()
    kill()
  }
  const store = fragileStore({ time, journal, truth, storeMs: plan.storeMs, unsynced })
  const bus = plan.nodes > 1 ? worldBus(parts) : undefined
  let minted = 0
  let isWhole = false
  const died = (node: WorldNode, life: Life | null) => {
    if (life && !isWhole && living().length > 0) journal.fired('node killed while another stays')
    cut(life)
    time.later(chance.int(1, 6_000), node.start)
  }
  const mint = () => `i${++minted}`
  const nodes = Array.from({ length: plan.nodes }, () => worldNode({ time, store, bus, mint, died }))
  const one = <T>(all: readonly T[]): T | undefined => (all.length > 1 ? chance.pick(all) : all[0])
  const node = () => one(living().filter((each) => !each.isLeaving()))
  const open = () => node() ?? living()[0]
  const lastOf = new Map<string, WorldNode>()
  const entered = ({ user }: Caller): Life | null => {
    const at = open()
    const last = lastOf.get(user)
    if (last && at && last !== at) journal.fired('link to another node than before')
    if (at) lastOf.set(user, at)
    return at?.life() ?? null
  }
  const start = () => nodes.forEach((each) => void each.start())
  const kill = () => {
    isWhole = true
    for (const each of nodes) each.kill()
    isWhole = false
  }

  return {
    store,
    orders,
    bus,
    isUp: () => living().length > 0,
    start,
    kill,
    node,
    enter: (caller) => enter(entered(caller), caller),
    drain: () => living().forEach((each) => void each.drain()),
    jump: (ms) => one(nodes)?.jump(ms),
    put: (input) =>
      void open()
        ?.life()
        ?.hub.put({ tenant: '', ...input })
        .catch(() => {}),
    post: (room, id, author, content) =>
      void open()
        ?.life()
        ?.hub.post({ tenant: '', conversation: room, id, author, content })
        .catch(() => {}),
    heal() {
      bus?.heal()
      // Also one that is down, and would come back as an older build.
      start()
      for (const each of living()) if (each.isLeaving() || each.life()?.isOld) each.kill()
      start()
    },
    links: size,
  }
}
