/** Steps in which the network or what is said at the door goes wrong. */
import type { CloseCode } from '../../../protocol/codes.js'
import type { Tab } from '../tab.js'
import type { Network, Opening } from '../network.js'
import type { StepName } from '../plan.js'
import type { World } from '../world.js'
import type { Acts } from './acts.js'

type Names = Extract<
  StepName,
  | 'cut-link'
  | 'silence-link'
  | 'silence-one-way'
  | 'unopened-link'
  | 'hang-link'
  | 'slow-link'
  | 'refuse-link'
  | 'refuse-hello'
  | 'expire-token'
  | 'wrong-token'
  | 'refuse-operation'
  | 'inject-unknown'
  | 'inject-deep'
  | 'block-way'
>

const refusals: readonly CloseCode[] = ['overloaded', 'unauthorized', 'server-error', 'forbidden']

/** Each network of the tab; links that its browser's tabs share may be another's. */
function all({ device, networks }: Tab): readonly Network[] {
  return device.plan.links.startsWith('shared') ? device.tabs.flatMap((tab) => tab.networks) : networks
}

function cut(tab: Tab): void {
  for (const network of all(tab)) network.cut()
}

function meet(tab: Tab, opening: Opening): void {
  for (const network of all(tab)) network.meet(opening)
  cut(tab)
}

/** To the best way of a tab that has two. */
function block(world: World): void {
  const tabs = world.tabs().filter(({ networks }) => networks.length > 1)
  if (tabs.length > 0) world.chance.pick(tabs).networks[0]?.block(world.chance.int(2_000, 60_000))
}

export const networkFaults: Acts<Names> = {
  'cut-link': (_, tab) => cut(tab),
  'silence-link'(_, tab) {
    for (const network of all(tab)) network.silence()
  },
  'silence-one-way'(world, tab) {
    const way = world.chance.pick(['up', 'down'] as const)
    for (const network of all(tab)) network.silence(way)
  },
  'unopened-link': (_, tab) => meet(tab, 'fails'),
  'hang-link': (_, tab) => meet(tab, 'hangs'),
  'slow-link'({ chance }, tab) {
    for (const network of all(tab)) network.slow(chance.int(500, 6_000), chance.int(1_000, 30_000))
  },
  'refuse-link': ({ chance }, tab) => meet(tab, chance.pick(['401', '403', '503', '503'] as const)),
  'refuse-hello'(world, tab) {
    world.server.orders.refuseHello(world.chance.pick(refusals))
    cut(tab)
  },
  'expire-token': (world) => world.server.orders.expire(),
  'wrong-token'(world, tab) {
    world.server.orders.mistake(world.chance.pick(world.plan.users))
    cut(tab)
  },
  'refuse-operation': (world) => world.server.orders.refuseOperation(),
  'inject-unknown'(world, tab) {
    for (const network of all(tab)) network.inject('unknown', world.chance.pick(['up', 'down'] as const))
  },
  'inject-deep'(world, tab) {
    for (const network of all(tab)) network.inject('deep', world.chance.pick(['up', 'down'] as const))
  },
  'block-way': block,
}
