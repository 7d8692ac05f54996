/** How one tab reaches the server: by one way, by two of which the better is used, or by a link that its browser's tabs share; and behind a fast path. */
import type { Clock } from '../../ports/clock.js'
import type { LinkFrame, Transport } from '../../ports/transport.js'
import { fallback } from '../../transports/fallback/index.js'
import { finality } from '../../transports/finality/index.js'
import { shared, type Tabs } from '../../transports/shared/index.js'
import type { FaultName } from './faults.js'
import type { Journal } from './journal.js'
import type { LinkParts } from './link.js'
import { type Network, network } from './network.js'
import type { Ahead } from './oracle/ahead.js'
import type { DevicePlan } from './device-plan.js'

export interface Ways {
  readonly transport: Transport
  /** The best way first. */
  readonly networks: readonly Network[]
  readonly fast: Network | undefined
}

export interface WaysParts extends LinkParts {
  readonly clock: Clock
  readonly tabs: Tabs
  readonly links: DevicePlan['links']
  /** Where there is a fast path. */
  readonly ahead: Ahead | undefined
  readonly sentFast: LinkParts['sent']
}

export function waysTo(parts: WaysParts): Ways {
  const { links, clock, tabs, name, journal, ahead } = parts
  const first = network(parts)
  const networks = links.includes('ways') ? [first, network({ ...parts, name: `${name}'` })] : [first]
  const each = networks.map(({ transport }, way) => ({ ...transport, name: `way${way}` }))
  const one = links === 'plain' ? first.transport : each.length > 1 ? fallback(each, { clock }) : (each[0] as Transport)
  const fast = ahead && fastNetwork(parts)
  const among = (transport: Transport, of: string) => (links.includes('shared') ? shared(transport, { tabs, clock, name: of }) : transport)
  const watched: Transport = {
    name: one.name,
    open(to) {
      journal.fired('shared link moved')
      return one.open(to)
    },
  }
  const final = among(links.includes('shared') ? watched : one, 'world')
  return { transport: fast ? settled(parts, ahead, among(fast.transport, 'fast'), final) : final, networks, fast }
}

/** The fast path ahead of the final one. */
function settled({ clock, plan }: WaysParts, ahead: Ahead, fast: Transport, final: Transport): Transport {
  const told = overheard(final, ahead.final)
  return overheard(finality({ fast: { ...fast, name: 'fast' }, final: told, clock, withdrawMs: plan.fast?.withdrawMs }), ahead.combined)
}

/** `hear` has each frame before who opened the link. */
export function overheard(transport: Transport, hear: (frame: LinkFrame) => void): Transport {
  return {
    ...transport,
    open: (to) =>
      transport.open({
        ...to,
        frame(frame) {
          hear(frame)
          to.frame(frame)
        },
      }),
  }
}

/** What a fault on the way to the relay is counted as. */
const fastFaults: { readonly [Fault in FaultName]?: FaultName } = {
  'frame dropped': 'fast frame dropped',
  'frame doubled': 'fast frame doubled',
  'frame overtaken': 'fast frame overtaken',
  'frame held back': 'fast frame held back',
  'link cut': 'fast link cut',
  'link silent': 'fast link silent',
  'link silent one way': 'fast link silent',
  'way blocked': 'fast link not opened',
}

function fastNetwork(parts: WaysParts): Network | undefined {
  const { relay, plan, name, journal, sentFast } = parts
  const fired: Journal['fired'] = (fault, times) => journal.fired(fastFaults[fault] ?? fault, times)
  return (
    relay &&
    network({ ...parts, server: relay, plan: { ...plan, ...plan.fast }, name: `${name}~`, journal: { ...journal, fired }, sent: sentFast })
  )
}
