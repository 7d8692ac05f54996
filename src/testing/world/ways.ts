/** How one tab reaches the server: by one way, by two of which the better is used, or by a link that its browser's tabs share. */
import type { Clock } from '../../ports/clock.js'
import type { Transport } from '../../ports/transport.js'
import { fallback } from '../../transports/fallback/index.js'
import { shared, type Tabs } from '../../transports/shared/index.js'
import type { LinkParts } from './link.js'
import { type Network, network } from './network.js'
import type { DevicePlan } from './plan.js'

export interface Ways {
  readonly transport: Transport
  /** The best way first. */
  readonly networks: readonly Network[]
}

export interface WaysParts extends LinkParts {
  readonly clock: Clock
  readonly tabs: Tabs
  readonly links: DevicePlan['links']
}

export function waysTo(parts: WaysParts): Ways {
  const { links, clock, tabs, name, journal } = parts
  const first = network(parts)
  if (links === 'plain') return { transport: first.transport, networks: [first] }
  const networks = links.includes('ways') ? [first, network({ ...parts, name: `${name}'` })] : [first]
  const each = networks.map(({ transport }, way) => ({ ...transport, name: `way${way}` }))
  const one = each.length > 1 ? fallback(each, { clock }) : (each[0] as Transport)
  if (!links.includes('shared')) return { transport: one, networks }
  const watched: Transport = {
    name: one.name,
    open(to) {
      journal.fired('shared link moved')
      return one.open(to)
    },
  }
  return { transport: shared(watched, { tabs, clock, name: 'world' }), networks }
}
