/** One node of the server: a process that runs the shipped hub over the store, ends, and begins again. */
import { createHub } from '../../server/hub.js'
import { rounds } from '../../server/rounds.js'
import type { BusEnd, WorldBus } from './bus.js'
import type { Life } from './door.js'
import type { FragileStore } from './fragile-store.js'
import type { Time } from './time.js'

export interface WorldNode {
  life(): Life | null
  /** It takes no new links: it is about to end. */
  isLeaving(): boolean
  start(): void
  kill(): void
  /** Dies, and comes back as an older build until it dies again. */
  rollBack(): void
  drain(): void
  /** Ends as at a deployment: sends everybody away, waits a while, finishes what it was asked, and begins again. */
  roll(): void
  /** Its clock is off by so much from now on. */
  jump(ms: number): void
}

export interface NodeParts {
  readonly time: Time
  readonly store: FragileStore
  /** Undefined: the only node. */
  readonly bus: WorldBus | undefined
  readonly mint: () => string
  /** The process has died: its connections break, and some time later it begins again. */
  readonly died: (node: WorldNode, life: Life | null) => void
}

const drainMs = 500
/** From the word that all must go to the end. */
const patienceMs = 1_500

export function worldNode({ time, store, bus, mint, died }: NodeParts): WorldNode {
  let offMs = 0
  let isNextOld = false
  let isLeaving = false
  let life: Life | null = null
  let stop = () => {}

  const kill = () => {
    const ended = life
    if (life) life.alive = false
    life = null
    isLeaving = false
    stop()
    stop = () => {}
    died(node, ended)
  }

  const start = () => {
    if (life) return
    const alive = () => born.alive
    const end = bus?.join()
    const options = {
      store: store.forLife(alive, () => born.alive && kill()),
      bus: end?.bus,
      clock: { now: () => time.clock.wall() + offMs },
      mint,
      turn: turnOf(time, alive),
    }
    const born: Life = { alive: true, isOld: isNextOld, hub: createHub(options), kill }
    isNextOld = false
    life = born
    if (end) stop = keepUp(time, born, end)
  }

  const node: WorldNode = {
    life: () => life,
    isLeaving: () => isLeaving,
    start,
    kill,
    rollBack() {
      isNextOld = true
      kill()
    },
    drain: () => life?.hub.drain(drainMs),
    roll() {
      const leaving = life
      if (!leaving || isLeaving) return
      isLeaving = true
      leaving.hub.drain(drainMs, drainMs)
      const end = () => {
        time.beat()
        if (leaving.alive) kill()
      }
      time.later(patienceMs, () => {
        time.beat()
        if (leaving.alive) void leaving.hub.stop('drain', drainMs).then(end)
      })
    },
    jump(ms) {
      offMs += ms
    },
  }
  return node
}

/** The next microtask, if the process still lives. */
function turnOf({ beat, later }: Time, alive: () => boolean): (run: () => void) => void {
  return (run) =>
    later(0, () => {
      beat()
      if (alive()) run()
    })
}

/** Looks at the news of the store again and again, until the life ends. */
function keepUp(time: Time, { hub }: Life, end: BusEnd): () => void {
  const later = (ms: number, run: () => void) =>
    time.clock.timer(time.clock.now() + ms, () => {
      time.beat()
      run()
    })
  const stop = rounds({ check: hub.check, later, roll: time.clock.roll })
  return () => {
    stop()
    end.leave()
  }
}
