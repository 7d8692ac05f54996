/** Steps in which one of the two paths of a `finality` goes wrong, or the relay at the end of the fast one. */
import type { FastStepName } from '../fast-plan.js'
import type { Network } from '../network.js'
import type { Tab } from '../tab.js'
import type { World } from '../world.js'
import type { Acts } from './acts.js'

/** Of one tab that has both, half of the time of all that have. */
function some(world: World): readonly (Tab & { readonly fast: Network })[] {
  const { chance } = world
  const all = world.tabs().filter((tab): tab is Tab & { readonly fast: Network } => tab.fast !== undefined)
  return all.length === 0 || chance.hit(0.5) ? all : [chance.pick(all)]
}

const isOpen = (network: Network) => network.isOpen()

export const fastFaults: Acts<FastStepName> = {
  'cut-fast'(world) {
    for (const { fast } of some(world)) fast.cut()
  },
  'silence-fast'(world) {
    const way = world.chance.pick(['up', 'down', undefined] as const)
    for (const { fast } of some(world)) fast.silence(way)
  },
  'block-fast'(world) {
    const forMs = world.chance.int(2_000, 60_000)
    for (const { fast, networks } of some(world)) {
      fast.block(forMs)
      if (networks.some(isOpen)) world.journal.fired('fast path down while the final one is up')
    }
  },
  'block-final'(world) {
    const forMs = world.chance.int(2_000, 60_000)
    for (const { fast, networks } of some(world)) {
      for (const network of networks) network.block(forMs)
      if (isOpen(fast)) world.journal.fired('final path down while the fast one is up')
    }
  },
  'kill-relay'({ relay, journal, time, chance }) {
    if (!relay?.isUp()) return
    journal.fired('relay killed')
    relay.kill()
    time.later(chance.int(1, 30_000), relay.start)
  },
}
