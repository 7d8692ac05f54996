/** What a world's fast path is like, where it has one: drawn from a sequence of its own, so that worlds without one are what they were. */
import { serverLimits } from '../../protocol/server-limits.js'
import { type Chance, chanceOf, partOf } from './chance.js'

/** Per frame. */
export interface Rates {
  readonly drop: number
  readonly double: number
  readonly overtake: number
  readonly holdBack: number
  readonly garble: number
}

export interface FastPlan {
  readonly latencyMs: number
  readonly jitterMs: number
  readonly rates: Rates
  /** The relay's clock is off by so much. */
  readonly skewMs: number
  /** It allows as many operations in flight as the server, or fewer: then a session that it has welcomed begins anew with the server. */
  readonly window: number
  readonly withdrawMs: number
}

export interface FastDraw {
  readonly plan: FastPlan | undefined
  /** Of each device: does it connect by `finality`? */
  readonly devices: readonly boolean[]
  readonly weights: readonly (readonly [FastStepName, number])[]
}

/** Only where there is a fast path. */
const onFastPath = { 'cut-fast': 4, 'silence-fast': 2, 'block-fast': 3, 'block-final': 4, 'kill-relay': 2 }

export type FastStepName = keyof typeof onFastPath

const [aboutFast, aboutShared] = [-3, -4]
/**
 * Of a hundred worlds so many have a fast path, and of a hundred devices there so many use it; so many of the others have one that tabs
 * share, where there are such tabs.
 */
const [worlds, users, sharedWorlds] = [12, 75, 20]

/** `shared`: its devices are those whose tabs share their links, otherwise those whose tabs do not. Default drawn. */
export type FastAsked = boolean | 'shared'

/** `shares`: of each device, do its tabs share their links? */
export function fastOf(seed: number, shares: readonly boolean[], asked?: FastAsked): FastDraw {
  const chance = chanceOf(partOf(seed, aboutFast))
  const isDrawn = chance.hit(worlds / 100)
  const isShared = (asked ?? (!isDrawn && chanceOf(partOf(seed, aboutShared)).hit(sharedWorlds / 100) && 'shared')) === 'shared'
  const able = shares.flatMap((each, n) => (each === isShared ? [n] : []))
  if (!(asked ?? (isDrawn || isShared)) || able.length === 0) return { plan: undefined, devices: [], weights: [] }
  const one = chance.pick(able)
  const weights = Object.entries(onFastPath).map(
    ([name, weight]) => [name as FastStepName, chance.hit(0.4) ? 0 : weight * (0.3 + chance.roll())] as const,
  )
  const plan: FastPlan = {
    latencyMs: chance.pick([0, 0, 5, 30]),
    jitterMs: chance.pick([0, 20, 200]),
    rates: {
      drop: rateOf(chance),
      double: rateOf(chance),
      overtake: rateOf(chance),
      holdBack: rateOf(chance) / 2,
      garble: chance.hit(0.1) ? 0.01 : 0,
    },
    window: chance.pick([serverLimits.socketWindow, serverLimits.socketWindow, 4]),
    skewMs: chance.pick([0, 0, -3_600_000, 3_600_000]),
    withdrawMs: chance.pick([1_000, 3_000, 5_000]),
  }
  return { plan, devices: shares.map((each, n) => (chance.hit(users / 100) && each === isShared) || n === one), weights }
}

const rateOf = (chance: Chance) => chance.pick([0, 0.01, 0.05, 0.15])
