/**
 * The server is killed under a fleet of shipped chats, is gone for a minute, and all come back: nothing lost, doubled or disordered, though
 * they write meanwhile and tokens end (L1–L6, L9).
 *   npm run soak -- storm    5,000 chats, at the pace of the clock, and how evenly and soon they are back
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { launch, type Process, program } from './program.js'

const { CLIENTS = '200', FLEETS = '1', TIMES = '20' } = process.env
const [clients, fleetCount, times] = [Number(CLIENTS), Number(FLEETS), Number(TIMES)]
const perRoom = 10
const awayMs = 60_000 / times
const isRealTime = times === 1

const programs = { harbour: program('harbour'), fleet: program('fleet') }
const folder = mkdtempSync(join(tmpdir(), 'chatloom-'))
const processes: Process[] = []
afterAll(async () => {
  for (const { child } of processes) child.kill('SIGKILL')
  await Promise.all(processes.map(({ over }) => over))
  for (const { remove } of Object.values(programs)) remove()
  rmSync(folder, { recursive: true })
})

function run(path: string, ...args: readonly (string | number)[]): Process {
  const one = launch(path, ...args)
  processes.push(one)
  return one
}

/** Below those that outgoing connections take, or one of thousands of attempts would meet itself and hold the port. */
async function quietPort(): Promise<number> {
  for (;;) {
    const port = 15_000 + Math.floor(Math.random() * 15_000)
    const probe = createServer()
    const isFree = await new Promise((resolve) => {
      probe.once('error', () => resolve(false))
      probe.listen(port, '127.0.0.1', () => resolve(true))
    })
    await new Promise((resolve) => probe.close(resolve))
    if (isFree) return port
  }
}

/** Most in any second. */
function peak(times: readonly number[]): number {
  const sorted = [...times].sort((a, b) => a - b)
  let most = 0
  let from = 0
  for (const [to, at] of sorted.entries()) {
    while (at - (sorted[from] as number) >= 1_000) from++
    most = Math.max(most, to - from + 1)
  }
  return most
}

interface Whole {
  readonly flaws: readonly string[]
  readonly differ: number
  readonly users: number
  readonly backAt: readonly number[]
}

it(`a fleet of ${clients} comes back whole (L1–L6, L9)`, { timeout: 600_000 }, async () => {
  const port = await quietPort()
  const path = join(folder, 'chat.db')
  const first = run(programs.harbour.path, path, port, 0, Math.ceil(clients / perRoom), perRoom)
  await first.ask('listening')
  const size = clients / fleetCount
  const fleets = Array.from({ length: fleetCount }, (_, i) => run(programs.fleet.path, port, i * size, size, perRoom, times))
  const all = (what: string) => Promise.all(fleets.map((fleet) => fleet.ask(what)))
  const whole = async () => {
    const found = (await all('whole')) as Whole[]
    expect(found.flatMap(({ flaws }) => flaws)).toEqual([])
    expect(found.map(({ differ }) => differ)).toEqual(found.map(() => 0))
    return found
  }
  expect((await all('open')).flat()).toEqual([])
  await all('say')
  await whole()

  const rss = ((await all('rss')) as number[]).map((bytes) => Math.round(bytes / size / 1024))
  first.child.kill('SIGKILL')
  await first.over
  const goneAt = Date.now()
  await all('mark')
  const second = run(programs.harbour.path, path, port, goneAt + awayMs, 0, 0)
  await all('say')
  await all('say')
  const backAt = (await second.ask('listening')) as number
  await all('expire')
  await all('say')
  const found = await whole()
  const tookMs = Date.now() - backAt

  const arrivals = ((await second.ask('arrivals')) as number[]).map((at) => (at - backAt) * times)
  const online = found.flatMap(({ backAt: ats }) => ats.map((at) => (at - backAt) * times))
  const most = peak(arrivals)
  console.info(
    [
      `${clients} chats in ${fleetCount} processes, ${rss.join(' and ')} KB each; the server gone for ${(((backAt - goneAt) / 1000) * times).toFixed(1)} s`,
      `${arrivals.length} connections taken in, most in a second ${most} (${((most / clients) * 100).toFixed(1)} % of the fleet)`,
      `all online after ${(Math.max(...online) / 1000).toFixed(1)} s, all messages everywhere after ${((tookMs * times) / 1000).toFixed(1)} s`,
    ].join('\n'),
  )
  if (!isRealTime) return
  expect(most).toBeLessThanOrEqual(clients / 10)
  expect(Math.max(...online)).toBeLessThanOrEqual(45_000)
})
