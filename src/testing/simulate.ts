/** The simulated world as users of the package run it. */
import { checkOptions, each, whole } from './checked.js'
import { type FaultName, faultNames } from './world/faults.js'
import { runHistory } from './world/history.js'
import { type InvariantName, invariants } from './world/invariants.js'
import { shrink } from './world/shrink.js'

export interface SimulateOptions {
  /** The first history. Default 1. */
  readonly seed?: number
  /** So many histories, each with the next seed. Default 1. */
  readonly histories?: number
  /** Of each history. Default 300. */
  readonly steps?: number
  /** Only these steps, by number, as a report names them. Default all. */
  readonly only?: readonly number[]
}

/** What was broken, and how to see it again: `simulate({ seed, steps, only })`. */
export interface SimulatedBreach {
  readonly seed: number
  readonly steps: number
  /** The fewest steps found that break the same. */
  readonly only: readonly number[]
  readonly invariant: InvariantName
  /** The law it belongs to, and what it says. */
  readonly law: string
  readonly says: string
  /** What was seen. */
  readonly what: string
  /** Everything that happens in these steps, one line each. */
  readonly trace: readonly string[]
}

export interface Simulation {
  readonly histories: number
  /** The first broken invariant; null: all held. */
  readonly breach: SimulatedBreach | null
  /** How often each kind of trouble happened. */
  readonly faults: ReadonlyMap<FaultName, number>
  /** Depends on the options alone, and on every frame of every history. */
  readonly hash: string
}

/**
 * Runs histories of whole worlds in virtual time: users with devices and tabs, a server of one node or two and its store, and some hundred kinds of trouble. After
 * every step the invariants of the laws are checked by an oracle that takes for true what the store has written and what users did. The same options give the same
 * result on every machine. Ends at the first broken invariant, made short. One history takes some tenths of a second. Rejects with a `TypeError` for options that are none.
 */
export async function simulate(options: SimulateOptions = {}): Promise<Simulation> {
  const { seed = 1, histories = 1, steps = 300, only } = checked(options)
  const faults = new Map<FaultName, number>(faultNames.map((name) => [name, 0]))
  const hashes: string[] = []
  for (let n = 0; n < histories; n++) {
    const history = await runHistory({ seed: seed + n, steps, only })
    hashes.push(history.hash)
    for (const [name, times] of history.counts) faults.set(name, (faults.get(name) ?? 0) + times)
    const { breach } = history
    if (!breach) continue
    const small = await shrink({ seed: seed + n, steps, only })
    const { lines } = await runHistory({ seed: seed + n, steps, only: small.only, keepLines: true })
    const { law, says } = invariants[breach.invariant]
    const { invariant, what } = breach
    const found = { seed: seed + n, steps, only: small.only, invariant, law, says, what, trace: lines }
    return { histories: n + 1, breach: found, faults, hash: hashes.join('.') }
  }
  return { histories, breach: null, faults, hash: hashes.join('.') }
}

/** What runs nothing would find nothing. */
function checked(options: SimulateOptions): SimulateOptions {
  const checks = { seed: whole(0), histories: whole(1), steps: whole(0), only: each(whole(0, (options?.steps ?? 300) - 1)) }
  checkOptions<SimulateOptions>('simulate', options, checks)
  return options
}
