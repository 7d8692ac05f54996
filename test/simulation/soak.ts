/**
 * The world on seeds of its own, on every processor, for so many minutes; goes on after a failure, up to ten. Run by
 *   npm run soak -- world --minutes 60 --seed 1
 * This one program hands out the seeds; started with `worker` it runs the histories that it is sent.
 */
import { fork } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import type { FaultName } from '../../src/testing/world/faults.js'
import { runHistory } from '../../src/testing/world/history.js'
import { historyOf, quantile, reportOf, shortfalls } from './histories.js'

interface Done {
  readonly agreedMs?: number
  readonly onlineMs?: readonly number[]
  readonly counts: readonly (readonly [FaultName, number])[]
  readonly report?: string
}

const most = 10
const sayEveryMs = 30_000
/** Most of what a history makes is garbage before so much more is made. */
const roomy = ['--min-semi-space-size=32', '--max-semi-space-size=32']
const say = (line: string) => process.stdout.write(`${line}\n`)

async function work(seed: number): Promise<Done> {
  const history = await runHistory(await historyOf(seed, {}))
  const counts = [...history.counts]
  return history.breach ? { counts, report: await reportOf(history, {}) } : { counts, ...history.healing }
}

function serve(): void {
  process.on('message', (seed: number) => void work(seed).then((done) => process.send?.(done)))
  process.on('disconnect', () => process.exit())
}

function lead(): void {
  const minutes = Number(process.env.MINUTES || 60)
  const first = Number(process.env.SEED || Math.floor(Date.now() / 60_000) * 100)
  const began = Date.now()
  const agreedMs: number[] = []
  const onlineMs: number[] = []
  const counts = new Map<FaultName, number>()
  let next = first
  let slowest = { seed: first, agreedMs: 0 }
  let histories = 0
  let failures = 0
  let workers = availableParallelism()

  const progress = () => {
    const passed = (Date.now() - began) / 60_000
    say(
      `${passed.toFixed(1)} min, ${histories} histories (${Math.round(histories / passed)} a minute), ${failures} failures, longest to agree ${slowest.agreedMs / 1_000} s (seed ${slowest.seed}), p99 of those told of the network ${quantile(onlineMs, 0.99) / 1_000} s`,
    )
  }
  const isOver = () => Date.now() - began >= minutes * 60_000 || failures >= most
  const timer = setInterval(progress, sayEveryMs)
  const failed = (report: string) => {
    failures += 1
    say(report)
  }

  say(`${minutes} minutes from seed ${first} on, ${workers} processes`)
  for (let n = workers; n > 0; n--) {
    const worker = fork(fileURLToPath(import.meta.url), ['worker'], { execArgv: roomy })
    let seed = first
    const hand = () => {
      if (isOver()) return worker.disconnect()
      seed = next++
      worker.send(seed)
    }
    worker.on('message', ({ report, counts: fired, agreedMs: agreed, onlineMs: online = [] }: Done) => {
      histories += 1
      if (report) failed(report)
      for (const [fault, times] of fired) counts.set(fault, (counts.get(fault) ?? 0) + times)
      if (agreed !== undefined) agreedMs.push(agreed)
      if (agreed !== undefined && agreed > slowest.agreedMs) slowest = { seed, agreedMs: agreed }
      onlineMs.push(...online)
      hand()
    })
    worker.on('exit', (code) => {
      if (code !== 0) failed(`seed ${seed}: the process ended with ${code}`)
      workers -= 1
      if (workers > 0) return
      clearInterval(timer)
      progress()
      say(`seeds ${first} to ${next - 1}`)
      for (const each of shortfalls({ histories, counts, agreedMs, onlineMs })) failed(each)
      process.exitCode = failures > 0 ? 1 : 0
    })
    hand()
  }
}

if (process.argv[2] === 'worker') serve()
else lead()
