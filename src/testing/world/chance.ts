/** Draws from one seeded sequence: everything that happens in a world by chance comes from here (L12). */
import { seeded } from '../seeded.js'

export interface Chance {
  /** A number in [0, 1). */
  roll(): number
  /** True with this probability. A probability of 0 draws too, so that plans differ in nothing else. */
  hit(probability: number): boolean
  /** A whole number in [from, to]. */
  int(from: number, to: number): number
  pick<T>(list: readonly T[]): T
  /** One of the names, as often as its weight says. */
  weighed<Name extends string>(weights: readonly (readonly [Name, number])[]): Name
  /** Goes on with the sequence of another seed: what a step draws does not depend on how much was drawn before it. */
  restart(seed: number): void
}

export function chanceOf(seed: number): Chance {
  let roll = seeded(seed)
  const int = (from: number, to: number) => from + Math.floor(roll() * (to - from + 1))
  return {
    roll: () => roll(),
    hit: (probability) => roll() < probability,
    int,
    pick: (list) => list[int(0, list.length - 1)] as (typeof list)[number],
    weighed(weights) {
      let left = roll() * weights.reduce((sum, [, weight]) => sum + weight, 0)
      for (const [name, weight] of weights) {
        left -= weight
        if (left < 0) return name
      }
      return (weights[weights.length - 1] as (typeof weights)[number])[0]
    },
    restart(next) {
      roll = seeded(next)
    },
  }
}

/** The seed of the `n`th part of what another seed began. */
export function partOf(seed: number, n: number): number {
  return Math.imul(seed ^ Math.imul(n + 1, 0x9e3779b1), 0x85ebca6b) >>> 0
}
