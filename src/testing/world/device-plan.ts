/** The browsers of one user in a world, drawn from its seed. */
import type { Chance } from './chance.js'

/** One browser of one user. */
export interface DevicePlan {
  readonly user: string
  /** Of this user's devices. */
  readonly n: number
  /** At most so many at once. */
  readonly tabs: number
  /** `shared`: its tabs share one link. `ways`: each tab has two ways to the server. */
  readonly links: 'plain' | 'ways' | 'shared' | 'shared ways'
  /** Without locks every lane counts as free. */
  readonly hasLocks: boolean
  /** Its links are made of a fast path and a final one, by which it has `links`. */
  readonly isFast: boolean
  readonly cacheBytes: number
}

/** Most have one browser with one tab: worlds are many, and each tab costs. */
export function devicesOf(chance: Chance, user: string): Omit<DevicePlan, 'isFast'>[] {
  const count = Number(
    chance.weighed([
      ['1', 84],
      ['2', 12],
      ['3', 4],
    ]),
  )
  return Array.from({ length: count }, (_, n) => {
    const tabs = Number(
      chance.weighed([
        ['1', 74],
        ['2', 18],
        ['3', 8],
      ]),
    )
    const isShared = tabs > 1 && chance.hit(0.4)
    const hasWays = chance.hit(0.12)
    return {
      user,
      n,
      tabs,
      links: isShared ? (hasWays ? 'shared ways' : 'shared') : hasWays ? 'ways' : 'plain',
      hasLocks: chance.hit(0.85),
      cacheBytes: chance.hit(0.1) ? chance.pick([4_000, 12_000]) : 4_000_000,
    }
  })
}
