/**
 * The world on seeds of its own, on every processor, for so many minutes; goes on after a failure, up to ten. Run by
 *   npm run soak -- world --minutes 60 --seed 1
 * This one program hands out the seeds; started with `worker` it runs the histories that it is sent.
 */
import { fork } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { runHistory } from '../../src/testing/world/history.js'
import { reportOf } from './histories.js'

interface Done {
  readonly agreedMs?: number
  readonly onlineMs?: readonly number[]
  readonly report?: string
}

const most = 10
const sayEveryMs = 30_000
const say = (line: string) => process.stdout.write(`${line}\n`)

async function work(seed: number): Promise<Done> {
  const history = await runHistory({ seed })
  return history.breach ? { report: await reportOf(history, {}) } : { ...history.healing }
}

function serve(): void {
  process.on('message', (seed: number) => void work(seed).then((done) => process.send?.(done)))
  process.on('disconnect', () => process.exit())
}

function lead(): void {
  const minutes = Number(process.env.MINUTES || 60)
  const first = Number(process.env.SEED || Math.floor(Date.now() / 60_000) * 100)
  const began = Date.now()
  const agreedMs = tally()
  const onlineMs = tally()
  let next = first
  let histories = 0
  let failures = 0
  let workers = availableParallelism()

  const progress = () => {
    const passed = (Date.now() - began) / 60_000
    say(
      `${passed.toFixed(1)} min, ${histories} histories (${Math.round(histories / passed)} a minute), ${failures} failures, longest to agree ${agreedMs.quantile(1) / 1_000} s, p99 of those told of the network ${onlineMs.quantile(0.99) / 1_000} s`,
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
    const worker = fork(fileURLToPath(import.meta.url), ['worker'])
    let seed = first
    const hand = () => {
      if (isOver()) return worker.disconnect()
      seed = next++
      worker.send(seed)
    }
    worker.on('message', ({ report, agreedMs: agreed, onlineMs: online = [] }: Done) => {
      histories += 1
      if (report) failed(report)
      if (agreed !== undefined) agreedMs.add(agreed)
      for (const each of online) onlineMs.add(each)
      hand()
    })
    worker.on('exit', (code) => {
      if (code !== 0) failed(`seed ${seed}: the process ended with ${code}`)
      workers -= 1
      if (workers > 0) return
      clearInterval(timer)
      progress()
      say(`seeds ${first} to ${next - 1}`)
      process.exitCode = failures > 0 ? 1 : 0
    })
    hand()
  }
}

/** How often each of a few times was seen: hundreds of thousands of histories take no more room than one. */
function tally() {
  const counts = new Map<number, number>()
  let all = 0
  return {
    add(ms: number) {
      counts.set(ms, (counts.get(ms) ?? 0) + 1)
      all += 1
    },
    quantile(part: number): number {
      let left = Math.min(all, Math.floor(all * part) + 1)
      for (const [ms, times] of [...counts].sort(([a], [b]) => a - b)) {
        left -= times
        if (left <= 0) return ms
      }
      return 0
    },
  }
}

if (process.argv[2] === 'worker') serve()
else lead()
