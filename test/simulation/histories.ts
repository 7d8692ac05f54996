/** Runs histories of the simulated world by seed, and says what broke and how to see it again. */
import { type FaultName, faultNames } from '../../src/testing/world/journal.js'
import { runHistory } from '../../src/testing/world/history.js'

export interface Run {
  readonly histories: number
  /** One sentence per history that broke a law, with the command that replays it. */
  readonly broken: readonly string[]
  readonly counts: ReadonlyMap<FaultName, number>
}

/** Every seed from `from` to `to`; ends early at the fifth broken one. */
export async function runSeeds(from: number, to: number): Promise<Run> {
  const counts = new Map<FaultName, number>()
  const broken: string[] = []
  let histories = 0
  for (let seed = from; seed <= to && broken.length < 5; seed++) {
    const history = await runHistory({ seed })
    histories += 1
    for (const [fault, times] of history.counts) counts.set(fault, (counts.get(fault) ?? 0) + times)
    const { breach } = history
    if (breach)
      broken.push(
        `seed ${seed}, step ${breach.step}: ${breach.law}: ${breach.what}\n  SEED=${seed} npx vitest run test/simulation/replay.test.ts`,
      )
  }
  return { histories, broken, counts }
}

/** How often each fault fired, one per line. */
export function table({ histories, counts }: Run): string {
  const lines = faultNames.map((name) => `  ${String(counts.get(name) ?? 0).padStart(8)}  ${name}`)
  return [`${histories} histories`, ...lines].join('\n')
}

export const neverFired = ({ counts }: Run): FaultName[] => faultNames.filter((name) => !counts.get(name))
