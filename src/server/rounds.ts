/** When a node looks at the news of its store: again and again, after one to five seconds, so that nodes do not ask all at once. One timer. */

export interface RoundsOptions {
  /** Must not reject. */
  readonly check: () => Promise<void>
  /** Runs `run` once after so long; returns how not to. */
  readonly later: (ms: number, run: () => void) => () => void
  /** A number in [0, 1). */
  readonly roll: () => number
}

export const roundMs = { least: 1_000, most: 5_000 } as const

/** Returns their end. */
export function rounds({ check, later, roll }: RoundsOptions): () => void {
  let isOver = false
  const next = () => later(roundMs.least + roll() * (roundMs.most - roundMs.least), run)
  const run = async () => {
    await check()
    if (!isOver) cancel = next()
  }
  let cancel = next()
  return () => {
    isOver = true
    cancel()
  }
}
