/** What one world is like, drawn from its seed: who is there with which devices, how slow things are, which faults come how often, and every step. */
import { type Chance, chanceOf, partOf } from './chance.js'
import { type DevicePlan, devicesOf } from './device-plan.js'
import { type FastAsked, type FastPlan, type FastStepName, fastOf, type Rates } from './fast-plan.js'

export interface RoomPlan {
  readonly id: string
  readonly members: readonly string[]
  /** Messages before anybody comes. */
  readonly messages: number
}

export interface Plan {
  readonly users: readonly string[]
  readonly rooms: readonly RoomPlan[]
  readonly devices: readonly DevicePlan[]
  readonly latencyMs: number
  readonly jitterMs: number
  readonly diskMs: number
  readonly storeMs: number
  /** Nodes of the server, over one store. */
  readonly nodes: 1 | 2
  /** Between nodes: how long a hint takes, and how often one is lost, doubled or late, or a subscription never begins. */
  readonly bus: { readonly latencyMs: number; readonly lose: number; readonly double: number; readonly late: number; readonly deaf: number }
  /** Frames travel as text, through the codecs of both sides. */
  readonly isText: boolean
  /** Limits that the server tells; absent: its own. */
  readonly followed: number | undefined
  /** As many conversations a client holds in memory; absent: as it ships. */
  readonly held: number | undefined
  readonly rates: Rates
  /** Of the fast path, where there is one. */
  readonly fast: FastPlan | undefined
  /** How often each kind of step comes. */
  readonly weights: readonly (readonly [StepName, number])[]
}

const everyday = {
  send: 20,
  burst: 4,
  post: 8,
  revise: 8,
  'mark-read': 8,
  typing: 2,
  'load-older': 4,
  'load-newer': 3,
  jump: 3,
  'jump-latest': 2,
  'open-view': 3,
  'close-view': 2,
  retry: 3,
  discard: 4,
  wait: 20,
  pause: 6,
}

const troubles = {
  'cut-link': 5,
  'silence-link': 3,
  'silence-one-way': 2,
  'unopened-link': 2,
  'hang-link': 1,
  'slow-link': 1.5,
  'refuse-link': 2,
  'refuse-hello': 2,
  'expire-token': 2,
  'wrong-token': 1,
  'refuse-operation': 2,
  'kill-tab': 4,
  'kill-browser': 3,
  'close-tab': 2,
  'freeze-tab': 2,
  'put-away': 2,
  'throttle-tab': 1.5,
  sleep: 1,
  'jump-clock': 1.5,
  'kill-before-commit': 2,
  'kill-after-commit': 2,
  'kill-after-ack': 2,
  'kill-mid-fan-out': 2,
  'kill-server': 1,
  'drain-server': 1,
  'older-build': 1,
  'jump-server-clock': 1,
  'lose-unsynced': 1,
  'answer-late': 3,
  'answer-old': 3,
  'answer-hole': 3,
  'lagging-page': 3,
  'fail-write': 2,
  'fail-read': 2,
  'fill-store': 1,
  'slow-store': 1,
  'restore-new-epoch': 1,
  'restore-file': 1,
  'restore-alive': 1,
  'fail-disk': 3,
  'fail-landed': 2,
  'stall-disk': 2,
  'open-late': 2,
  'close-disk': 1.5,
  'block-disk': 1,
  'evict-disk': 0.5,
  'corrupt-row': 1.5,
  'inject-unknown': 1.5,
  'inject-deep': 1,
  'post-hostile': 1.5,
  'remove-member': 2,
  'add-member': 3,
  'past-rule': 1,
  rename: 1.5,
  'long-pause': 2,
  logout: 0.6,
}

/** Only where there is something for them to do. */
const special = { 'mark-unread': 8, 'block-way': 3, 'lose-message': 4 }

/** Only where there are several nodes. */
const betweenNodes = { 'kill-node': 3, 'roll-node': 3, 'stall-bus': 3, 'cut-bus': 3, 'forget-subscriptions': 3 }

export type StepName = keyof typeof everyday | keyof typeof troubles | keyof typeof special | keyof typeof betweenNodes | FastStepName

/** One step: what it draws comes from its own seed alone, so that a history without it is the same before it. */
export interface Step {
  readonly name: StepName
  readonly seed: number
}

/** Draws about nodes come from a sequence of their own. */
const aboutNodes = -2

/** Each trouble is absent in some worlds and frequent in others, so that rare pairs meet. `nodes`, and whether there is a fast path: default drawn. */
export function planOf(seed: number, nodes?: 1 | 2, asked?: FastAsked): Plan {
  const chance = chanceOf(seed ^ 0x5bd1e995)
  const users = ['ana', 'ben', 'cleo']
  const devices = users.flatMap((user) => devicesOf(chance, user))
  const weights: (readonly [StepName, number])[] = []
  for (const [name, weight] of Object.entries(everyday)) weights.push([name as StepName, weight * (0.5 + chance.roll())])
  const calm = chance.pick([0.15, 0.5, 1, 1])
  for (const [name, weight] of Object.entries(troubles)) {
    weights.push([name as StepName, chance.hit(0.6) ? 0 : weight * calm * (0.3 + 2 * chance.roll())])
  }
  weights.push(['mark-unread', chance.hit(0.25) ? special['mark-unread'] : 0])
  if (devices.some(({ links }) => links.includes('ways'))) weights.push(['block-way', special['block-way']])
  if (devices.some(({ links }) => links.includes('shared'))) weights.push(['lose-message', chance.hit(0.5) ? special['lose-message'] : 0])
  const several = severalOf(chanceOf(partOf(seed, aboutNodes)), nodes)
  weights.push(...several.weights)
  const fast = fastOf(
    seed,
    devices.map(({ links }) => links.includes('shared')),
    asked,
  )
  weights.push(...fast.weights)
  const isCrowded = chance.hit(0.15)
  return {
    users,
    rooms: roomsOf(chance, users, isCrowded),
    devices: devices.map((each, n) => ({ ...each, isFast: fast.devices[n] ?? false })),
    latencyMs: chance.pick([0, 0, 5, 30, 120]),
    jitterMs: chance.pick([0, 20, 200]),
    diskMs: chance.pick([0, 0, 4, 60]),
    storeMs: chance.pick([0, 0, 3, 40]),
    nodes: several.nodes,
    bus: several.bus,
    isText: chance.hit(0.2),
    followed: isCrowded && chance.hit(0.5) ? chance.int(1, 3) : undefined,
    held: isCrowded ? chance.int(1, 3) : undefined,
    rates: {
      drop: rateOf(chance),
      double: rateOf(chance),
      overtake: rateOf(chance),
      holdBack: rateOf(chance) / 4,
      garble: chance.hit(0.1) ? 0.01 : 0,
    },
    fast: fast.plan,
    weights,
  }
}

/** All steps of a history, drawn before anything happens. */
export function stepsOf({ weights }: Plan, seed: number, count: number): readonly Step[] {
  const chance = chanceOf(seed)
  return Array.from({ length: count }, (_, n) => ({ name: chance.weighed(weights), seed: partOf(seed, n) }))
}

/** Two nodes in four of ten worlds; some buses carry everything, some nothing. */
function severalOf(chance: Chance, asked?: 1 | 2): Pick<Plan, 'nodes' | 'bus' | 'weights'> {
  const drawn = chance.hit(0.4) ? 2 : 1
  const nodes = asked ?? drawn
  const bus = {
    latencyMs: chance.pick([0, 0, 1, 20]),
    lose: chance.pick([0, 0, 0.05, 0.3, 1]),
    double: chance.pick([0, 0.1, 0.3]),
    late: chance.pick([0, 0.1, 0.5]),
    deaf: chance.pick([0, 0, 0.2]),
  }
  const weights = Object.entries(betweenNodes).map(
    ([name, weight]) => [name as StepName, chance.hit(0.5) ? 0 : weight * (0.3 + chance.roll())] as const,
  )
  return { nodes, bus, weights: nodes > 1 ? weights : [] }
}

function roomsOf(chance: Chance, users: readonly string[], isCrowded: boolean): RoomPlan[] {
  const rooms: RoomPlan[] = [{ id: 'all', members: users, messages: pastOf(chance) }]
  if (chance.hit(0.5)) rooms.push({ id: 'pair', members: ['ana', 'ben'], messages: pastOf(chance) })
  for (let n = 1; isCrowded && n <= 4; n++)
    rooms.push({ id: `side${n}`, members: users.slice(0, chance.int(2, 3)), messages: chance.int(0, 12) })
  return rooms
}

/** Often just before or after the end of a page of 50. */
function pastOf(chance: Chance): number {
  return chance.pick([0, 3, chance.int(44, 52), chance.int(92, 104), chance.int(0, 170)])
}

function rateOf(chance: Chance): number {
  return chance.pick([0, 0, 0.005, 0.02, 0.06])
}
