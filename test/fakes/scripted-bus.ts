/** A bus that does to hints all that a bus may: each loses, doubles, delays and overtakes by chance, and nodes are stalled or cut off by hand. */
import type { Bus } from '../../src/server/bus.js'
import type { VirtualClock } from '../../src/testing/virtual-clock.js'

export interface Troubles {
  /** Chances in [0, 1]: that a hint is lost on its way to one hearer, that it comes twice, that a subscription never begins. */
  loss?: number
  double?: number
  deaf?: number
  /** Hints take up to so long, each its own time. */
  delayMs?: number
}

export interface ScriptedBus {
  /** The bus as one node has it. */
  of(node: number): Bus
  troubles: Troubles
  /** Hints from and to this node are lost. */
  cut(node: number): void
  /** Hints to this node wait until it is healed. */
  stall(node: number): void
  heal(node: number): void
  /** Hints published, and hints handed over. */
  readonly counts: { published: number; heard: number }
  /** How many subscriptions there are. */
  subscriptions(): number
}

interface Hearer {
  readonly node: number
  readonly hear: (hint: string) => void
}

export function scriptedBus(clock: VirtualClock): ScriptedBus {
  const topics = new Map<string, Set<Hearer>>()
  const cut = new Set<number>()
  const stalled = new Map<number, (() => void)[]>()
  const counts = { published: 0, heard: 0 }
  const chance = (odds = 0) => odds > 0 && clock.roll() < odds

  function handOver(topic: string, hearer: Hearer, hint: string): void {
    const arrive = () => {
      if (cut.has(hearer.node) || !topics.get(topic)?.has(hearer)) return
      counts.heard++
      hearer.hear(hint)
    }
    const { delayMs = 0 } = bus.troubles
    const come = () => {
      const held = stalled.get(hearer.node)
      if (held) held.push(arrive)
      else arrive()
    }
    if (delayMs > 0) clock.timer(clock.now() + clock.roll() * delayMs, come)
    else come()
  }

  const bus: ScriptedBus = {
    troubles: {},
    counts,
    of: (node) => ({
      publish(topic, hint) {
        counts.published++
        if (cut.has(node)) return
        for (const hearer of [...(topics.get(topic) ?? [])]) {
          if (chance(bus.troubles.loss)) continue
          handOver(topic, hearer, hint)
          if (chance(bus.troubles.double)) handOver(topic, hearer, hint)
        }
      },
      subscribe(topic, hear) {
        if (chance(bus.troubles.deaf)) return () => {}
        const hearer = { node, hear }
        topics.set(topic, (topics.get(topic) ?? new Set()).add(hearer))
        return () => void topics.get(topic)?.delete(hearer)
      },
      async close() {},
    }),
    cut: (node) => void cut.add(node),
    stall: (node) => void stalled.set(node, []),
    heal(node) {
      cut.delete(node)
      const held = stalled.get(node) ?? []
      stalled.delete(node)
      for (const arrive of held) arrive()
    },
    subscriptions: () => [...topics.values()].reduce((sum, hearers) => sum + hearers.size, 0),
  }
  return bus
}
