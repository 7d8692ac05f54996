/** What one world is like, drawn from its seed: who is there, how slow things are, which faults come how often. */
import { type Chance, chanceOf } from './chance.js'

export interface RoomPlan {
  readonly id: string
  readonly members: readonly string[]
  /** Messages before anybody comes. */
  readonly messages: number
}

export interface Plan {
  readonly users: readonly string[]
  readonly rooms: readonly RoomPlan[]
  /** A second tab of the first user, on the same disk. */
  readonly twoTabs: boolean
  readonly latencyMs: number
  readonly jitterMs: number
  readonly diskMs: number
  readonly storeMs: number
  /** Per frame. */
  readonly rates: { readonly drop: number; readonly double: number; readonly overtake: number; readonly holdBack: number }
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
  'cut-link': 6,
  'silence-link': 3,
  'unopened-link': 2,
  'refuse-hello': 2,
  'refuse-operation': 2,
  'kill-tab': 4,
  'kill-browser': 3,
  'close-tab': 2,
  'kill-before-commit': 2,
  'kill-after-commit': 2,
  'kill-server': 1,
  'drain-server': 1,
  'answer-late': 3,
  'answer-old': 3,
  'fail-write': 2,
  'fail-read': 2,
  'restore-new-epoch': 1,
  'restore-same-epoch': 1,
  'restore-alive': 1,
  'fail-disk': 3,
  'stall-disk': 2,
  'long-pause': 2,
  logout: 0.5,
}

export type StepName = keyof typeof everyday | keyof typeof troubles | 'mark-unread'

/** Each trouble is absent in some worlds and frequent in others, so that rare pairs meet. */
export function planOf(seed: number): Plan {
  const chance = chanceOf(seed ^ 0x5bd1e995)
  const users = ['ana', 'ben', 'cleo']
  const weights: (readonly [StepName, number])[] = []
  for (const [name, weight] of Object.entries(everyday)) weights.push([name as StepName, weight * (0.5 + chance.roll())])
  const calm = chance.pick([0.15, 0.5, 1, 1])
  for (const [name, weight] of Object.entries(troubles)) {
    weights.push([name as StepName, chance.hit(0.45) ? 0 : weight * calm * (0.3 + 2 * chance.roll())])
  }
  const plan: Plan = {
    users,
    rooms: [
      { id: 'all', members: users, messages: pastOf(chance) },
      ...(chance.hit(0.5) ? [{ id: 'pair', members: ['ana', 'ben'], messages: pastOf(chance) }] : []),
    ],
    twoTabs: chance.hit(0.4),
    latencyMs: chance.pick([0, 0, 5, 30, 120]),
    jitterMs: chance.pick([0, 20, 200]),
    diskMs: chance.pick([0, 0, 4, 60]),
    storeMs: chance.pick([0, 0, 3, 40]),
    rates: { drop: rateOf(chance), double: rateOf(chance), overtake: rateOf(chance), holdBack: rateOf(chance) / 4 },
    weights,
  }
  // Drawn last, so that the worlds without it are what they were.
  if (chance.hit(0.25)) weights.push(['mark-unread', 8])
  return plan
}

/** Often just before or after the end of a page of 50. */
function pastOf(chance: Chance): number {
  return chance.pick([0, 3, chance.int(44, 52), chance.int(92, 104), chance.int(0, 170)])
}

function rateOf(chance: Chance): number {
  return chance.pick([0, 0, 0.005, 0.02, 0.06])
}
