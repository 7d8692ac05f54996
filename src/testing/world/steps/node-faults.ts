/** Steps in which one of several nodes, or the bus between them, goes wrong. */
import type { StepName } from '../plan.js'
import type { Acts } from './acts.js'

type Names = Extract<StepName, 'kill-node' | 'roll-node' | 'stall-bus' | 'cut-bus' | 'forget-subscriptions'>

export const nodeFaults: Acts<Names> = {
  'kill-node': ({ server }) => server.node()?.kill(),
  'roll-node'({ server, journal }) {
    const node = server.node()
    if (!node) return
    journal.fired('node drained and begun anew')
    node.roll()
  },
  'stall-bus': ({ server, chance }) => server.bus?.stall(chance.int(500, 12_000)),
  'cut-bus': ({ server, chance }) => server.bus?.cut(chance.int(500, 20_000)),
  'forget-subscriptions': ({ server }) => server.bus?.forget(),
}
