/** The bus between the nodes of a world: it may lose, double and delay each hint, stand still, lose everything for a while, and forget who listens. */
import type { Bus } from '../../server/bus.js'
import type { Chance } from './chance.js'
import type { Journal } from './journal.js'
import type { Plan } from './plan.js'
import type { Time } from './time.js'

export interface WorldBus {
  /** A node begins a life. */
  join(): BusEnd
  /** Hints wait for so long, and then come all at once. */
  stall(forMs: number): void
  /** Hints are lost for so long. */
  cut(forMs: number): void
  /** Subscriptions of one node are gone, and it is not told. */
  forget(): void
  heal(): void
  /** Subscriptions that no node has ended. */
  subscriptions(): number
}

export interface BusEnd {
  readonly bus: Bus
  /** Its node is dead. */
  leave(): void
}

export interface BusParts {
  readonly time: Time
  readonly chance: Chance
  readonly journal: Journal
  readonly plan: Plan
  /** False while the world heals: no fault comes any more. */
  readonly stormy: () => boolean
}

interface Hearer {
  readonly topic: string
  readonly hear: (hint: string) => void
  /** Cleared: the bus has forgotten it. */
  isKnown: boolean
}

/** Of one node. */
type Hearers = Set<Hearer>

interface Weather {
  stalledUntilMs: number
  cutUntilMs: number
}

export function worldBus(parts: BusParts): WorldBus {
  const { time, chance, journal, plan, stormy } = parts
  const nodes = new Set<Hearers>()
  const calm: Weather = { stalledUntilMs: 0, cutUntilMs: 0 }
  const weather = { ...calm }
  const { clock } = time
  const late = (rate: number, fault: 'bus hint lost' | 'bus hint doubled' | 'bus hint late' | 'bus subscription lost') => {
    const hits = stormy() && chance.hit(rate)
    if (hits) journal.fired(fault)
    return hits
  }

  const carry = (hearers: Hearers, hearer: Hearer, hint: string) => {
    const { bus } = plan
    const stalledMs = Math.max(0, weather.stalledUntilMs - clock.now())
    if (stalledMs > 0) journal.fired('bus stalled')
    const lateMs = late(bus.late, 'bus hint late') ? chance.int(1, 4_000) : 0
    time.later(bus.latencyMs + lateMs + stalledMs, () => {
      if (!nodes.has(hearers) || !hearers.has(hearer) || !hearer.isKnown) return
      time.beat()
      hearer.hear(hint)
    })
  }

  const publish = (topic: string, hint: string) => {
    for (const hearers of nodes) {
      for (const hearer of hearers) {
        if (hearer.topic !== topic || !hearer.isKnown) continue
        if (clock.now() < weather.cutUntilMs) journal.fired('bus cut off')
        else if (!late(plan.bus.lose, 'bus hint lost')) {
          carry(hearers, hearer, hint)
          if (late(plan.bus.double, 'bus hint doubled')) carry(hearers, hearer, hint)
        }
      }
    }
  }

  const join = (): BusEnd => {
    const hearers: Hearers = new Set()
    nodes.add(hearers)
    const subscribe = (topic: string, hear: (hint: string) => void) => {
      const hearer = { topic, hear, isKnown: !late(plan.bus.deaf, 'bus subscription lost') }
      hearers.add(hearer)
      return () => void hearers.delete(hearer)
    }
    return { bus: { publish, subscribe, async close() {} }, leave: () => void nodes.delete(hearers) }
  }

  return {
    join,
    stall(forMs) {
      weather.stalledUntilMs = clock.now() + forMs
    },
    cut(forMs) {
      weather.cutUntilMs = clock.now() + forMs
    },
    forget() {
      if (nodes.size === 0) return
      const known = [...chance.pick([...nodes])].filter(({ isKnown }) => isKnown)
      journal.fired('bus subscription lost', known.length)
      for (const hearer of known) hearer.isKnown = false
    },
    heal: () => void Object.assign(weather, calm),
    subscriptions: () => [...nodes].reduce((sum, { size }) => sum + size, 0),
  }
}
