/** A history that breaks an invariant, made short: steps are left out while the rest still breaks the same one. */
import { type History, type HistoryOptions, runHistory } from './history.js'
import { planOf, type StepName, stepsOf } from './plan.js'

export interface Shrunk {
  /** The steps that are left, by number. */
  readonly only: readonly number[]
  readonly names: readonly StepName[]
  /** The history of these steps; null where the whole one breaks nothing. */
  readonly history: History | null
  readonly replays: number
}

/** Replays at most `mostReplays` histories. */
export async function shrink(options: HistoryOptions, mostReplays = 400): Promise<Shrunk> {
  const { seed, steps = 300 } = options
  const all = stepsOf(planOf(seed, options.nodes, options.fast), seed, steps)
  let replays = 0
  const replay = (only?: readonly number[]) => {
    replays += 1
    return runHistory({ ...options, only, keepLines: false })
  }
  let history = await replay(options.only)
  const invariant = history.breach?.invariant
  const namesOf = (only: readonly number[]) => only.map((n) => (all[n] as (typeof all)[number]).name)
  const whole = options.only ?? all.map((_, n) => n)
  if (invariant === undefined) return { only: whole, names: namesOf(whole), history: null, replays }

  // What comes after the breach has no part in it.
  let kept = whole.filter((n) => n <= (history.breach?.step ?? steps))
  let size = Math.ceil(kept.length / 2)
  while (size >= 1 && replays < mostReplays) {
    let shrank = false
    for (let from = 0; from < kept.length && replays < mostReplays; ) {
      const rest = kept.toSpliced(from, size)
      const found = await replay(rest)
      if (found.breach?.invariant === invariant) {
        kept = rest.filter((n) => n <= (found.breach?.step ?? steps))
        history = found
        shrank = true
      } else from += size
    }
    if (size > 1) size = Math.ceil(size / 2)
    else if (!shrank) break
  }
  return { only: kept, names: namesOf(kept), history, replays }
}
