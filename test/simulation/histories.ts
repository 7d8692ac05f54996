/** Runs histories of the simulated world by seed, and says what broke and how to see it again. */
import { execFileSync } from 'node:child_process'
import { type FaultName, faultNames } from '../../src/testing/world/faults.js'
import { type History, type HistoryOptions, runHistory } from '../../src/testing/world/history.js'
import { agreeWithinMs } from '../../src/testing/world/oracle/converge.js'
import { shrink } from '../../src/testing/world/shrink.js'
import type { World } from '../../src/testing/world/world.js'
import { type DiskName, over } from './disks.js'

/** All that a history depends on besides its seed and its steps: a printed command names each. */
export interface RunOptions extends Pick<HistoryOptions, 'nodes'> {
  readonly disk?: DiskName
}

/** In so many histories every kind of trouble comes. */
const enough = 1_000
/** Of virtual time. */
const mostOnlineMs = 3_000

export interface Run {
  readonly histories: number
  /** One report per history that broke an invariant, with the command that replays it. */
  readonly broken: readonly string[]
  readonly counts: ReadonlyMap<FaultName, number>
  /** In virtual time, of each history, and of each tab that was told that the network is back. */
  readonly agreedMs: readonly number[]
  readonly onlineMs: readonly number[]
  readonly sentMs: readonly number[]
}

/**
 * The worlds that ran last. The engine drops compiled code with the last function that has it: without these every large collection of
 * garbage would take with it what the next world needs, and the compiler would never come to rest.
 */
const recent: World[] = []
const mostRecent = 8

const inspect = (world: World) => {
  if (recent.push(world) > mostRecent) recent.shift()
  return undefined
}

export async function historyOf(seed: number, { nodes, disk }: RunOptions): Promise<HistoryOptions> {
  return { seed, nodes, inspect, ...(await over(disk)) }
}

/** Every seed from `from` to `to`; ends early at the third broken one. */
export async function runSeeds(from: number, to: number, options: RunOptions = {}): Promise<Run> {
  const counts = new Map<FaultName, number>()
  const broken: string[] = []
  const agreedMs: number[] = []
  const onlineMs: number[] = []
  const sentMs: number[] = []
  let histories = 0
  for (let seed = from; seed <= to && broken.length < 3; seed++) {
    const history = await runHistory(await historyOf(seed, options))
    histories += 1
    for (const [fault, times] of history.counts) counts.set(fault, (counts.get(fault) ?? 0) + times)
    if (history.healing) agreedMs.push(history.healing.agreedMs)
    onlineMs.push(...(history.healing?.onlineMs ?? []))
    sentMs.push(...(history.healing?.sentMs ?? []))
    if (history.breach) broken.push(await reportOf(history, options))
  }
  return { histories, broken, counts, agreedMs, onlineMs, sentMs }
}

/** Seed, commit, the one command, and the fewest steps found that break the same. */
export async function reportOf({ seed, breach }: History, options: RunOptions): Promise<string> {
  const small = await shrink(await historyOf(seed, options))
  return [
    `seed ${seed}, step ${breach?.step}: ${breach?.invariant}: ${breach?.what}`,
    `  commit ${commit()}`,
    `  ${commandOf(seed, small.only, options)}`,
    `  ${small.only.length} steps: ${small.names.join(', ')}`,
  ].join('\n')
}

/** What `askedFor` reads. */
export function commandOf(seed: number, only: readonly number[], { nodes, disk }: RunOptions): string {
  const more = `${nodes === undefined ? '' : `NODES=${nodes} `}${disk === undefined ? '' : `DISK=${disk} `}`
  return `SEED=${seed} ${more}STEPS=${only.join()} npx vitest run test/simulation/replay.test.ts`
}

/** The history that the environment names, if it names one. */
export async function askedFor({ SEED, NODES, DISK, STEPS }: NodeJS.ProcessEnv): Promise<HistoryOptions | undefined> {
  if (SEED === undefined) return undefined
  const only = STEPS?.split(',').map(Number)
  const nodes = NODES === undefined ? undefined : NODES === '2' ? 2 : 1
  return { ...(await historyOf(Number(SEED), { nodes, disk: DISK as DiskName | undefined })), only }
}

function commit(): string {
  try {
    return execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim()
  } catch {
    return 'unknown: no repository'
  }
}

/** How often each fault fired, one per line, and how long it took to agree. */
export function table({ histories, counts, agreedMs, onlineMs, sentMs }: Omit<Run, 'broken'>): string {
  const lines = faultNames.map((name) => `  ${String(counts.get(name) ?? 0).padStart(8)}  ${name}`)
  const agreed = `  all agree ${spread(agreedMs)} after all has healed`
  const online = `  ${onlineMs.length} tabs told of the network have caught up after ${spread(onlineMs)}`
  const sent = `  and have sent what waited after ${spread(sentMs)}`
  return [`${histories} histories`, ...lines, agreed, online, sent].join('\n')
}

const spread = (times: readonly number[]) =>
  [0.5, 0.99, 1].map((part) => `${quantile(times, part) / 1_000} s (${part === 1 ? 'most' : `p${part * 100}`})`).join(', ')

export function quantile(times: readonly number[], part: number): number {
  const sorted = times.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0
}

/** What is wrong with a run, however long: longer than the bounds, or, of so many histories, without some trouble. */
export function shortfalls({ histories, counts, agreedMs, onlineMs }: Omit<Run, 'broken' | 'sentMs'>): string[] {
  const never = histories < enough ? [] : faultNames.filter((name) => !counts.get(name))
  const [longest, p99] = [quantile(agreedMs, 1), quantile(onlineMs, 0.99)]
  return [
    ...never.map((name) => `never in ${histories} histories: ${name}`),
    ...(longest > agreeWithinMs ? [`all agree only after ${longest} ms`] : []),
    ...(p99 > mostOnlineMs ? [`of the tabs told of the network a hundredth has caught up only after ${p99} ms`] : []),
  ]
}
