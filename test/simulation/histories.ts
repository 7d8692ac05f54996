/** Runs histories of the simulated world by seed, and says what broke and how to see it again. */
import { execFileSync } from 'node:child_process'
import { type FaultName, faultNames } from '../../src/testing/world/faults.js'
import { type History, type HistoryOptions, runHistory } from '../../src/testing/world/history.js'
import { shrink } from '../../src/testing/world/shrink.js'

export interface Run {
  readonly histories: number
  /** One report per history that broke an invariant, with the command that replays it. */
  readonly broken: readonly string[]
  readonly counts: ReadonlyMap<FaultName, number>
}

/** Every seed from `from` to `to`; ends early at the third broken one. */
export async function runSeeds(from: number, to: number, options: Partial<HistoryOptions> = {}): Promise<Run> {
  const counts = new Map<FaultName, number>()
  const broken: string[] = []
  let histories = 0
  for (let seed = from; seed <= to && broken.length < 3; seed++) {
    const history = await runHistory({ ...options, seed })
    histories += 1
    for (const [fault, times] of history.counts) counts.set(fault, (counts.get(fault) ?? 0) + times)
    if (history.breach) broken.push(await reportOf(history, options))
  }
  return { histories, broken, counts }
}

/** Seed, commit, the one command, and the fewest steps found that break the same. */
async function reportOf({ seed, breach }: History, options: Partial<HistoryOptions>): Promise<string> {
  const small = await shrink({ ...options, seed })
  return [
    `seed ${seed}, step ${breach?.step}: ${breach?.invariant}: ${breach?.what}`,
    `  commit ${commit()}`,
    `  SEED=${seed} STEPS=${small.only.join()} npx vitest run test/simulation/replay.test.ts`,
    `  ${small.only.length} steps: ${small.names.join(', ')}`,
  ].join('\n')
}

function commit(): string {
  try {
    return execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim()
  } catch {
    return 'unknown: no repository'
  }
}

/** How often each fault fired, one per line. */
export function table({ histories, counts }: Pick<Run, 'histories' | 'counts'>): string {
  const lines = faultNames.map((name) => `  ${String(counts.get(name) ?? 0).padStart(8)}  ${name}`)
  return [`${histories} histories`, ...lines].join('\n')
}

export const neverFired = ({ counts }: Run): FaultName[] => faultNames.filter((name) => !counts.get(name))
