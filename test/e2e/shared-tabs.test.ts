/**
 * Eight tabs of one user share one link, while tabs close, freeze and die (L2–L6). `SEED` is the first seed, `SEEDS` how many: 3, or
 * 50 in `npm run soak -- tabs`.
 */
import { afterEach, expect, it } from 'vitest'
import { seeded } from '../../src/testing/seeded.js'
import { type Home, setHome, type Stored } from './home.js'
import { live, type Takeover } from './life-of-tabs.js'
import type { Shown } from './page.js'

const first = Number(process.env.SEED ?? 1)
const seeds = Array.from({ length: Number(process.env.SEEDS ?? 3) }, (_, i) => first + i)
const takeovers: Takeover[] = []
let home: Home | undefined

afterEach(async () => {
  const ending = home?.end()
  home = undefined
  await ending
})

const asStored = (rows: readonly Stored[]) => rows.map(({ seq, author, content }) => [seq, author, content])
const asShown = (messages: readonly Shown[]) => messages.map(({ seq, author, content }) => [seq, author, content])

it.each(seeds)('loses, doubles and disorders nothing, over one socket: seed %i (L2–L6)', async (seed) => {
  home = await setHome()
  const life = await live(home, seeded(seed))
  takeovers.push(...life.takeovers)
  for (const { page } of life.tabs) await page.evaluate(() => window.loom.settled(0))
  await Promise.all(home.peer.outbox.get().map(({ localId }) => home?.peer.settled(localId)))
  await home.oneSocket()
  const rows = home.rows()
  const head = rows.at(-1)?.seq ?? 0
  for (const { page } of life.tabs) await page.evaluate((seq) => window.loom.settled(seq), head)

  expect(rows.map(({ idx }) => idx)).toEqual(rows.map((_, i) => i))
  const contents = rows.map(({ content }) => content)
  expect(contents.filter((each, i) => contents.indexOf(each) !== i)).toEqual([])
  expect([...life.kept].filter((each) => !contents.includes(each))).toEqual([])
  expect(contents.filter((each) => !life.said.has(each))).toEqual([])
  for (const name of new Set(contents.map((each) => each.split(' ')[0]))) {
    const numbers = contents.filter((each) => each.startsWith(`${name} `)).map((each) => Number(each.split(' ')[1]))
    expect(numbers, name).toEqual([...numbers].sort((a, b) => a - b))
  }
  for (const { page } of life.tabs) {
    expect(asShown(await page.evaluate(() => window.loom.all()))).toEqual(asStored(rows))
    expect(await page.evaluate(() => [window.loom.doubled, window.loom.disordered])).toEqual([[], []])
  }
  expect([life.mostSockets, home.sockets()]).toEqual([1, 1])
  const { steals } = home
  expect(steals.filter((atMs, i) => i > 0 && atMs - (steals[i - 1] as number) < 60_000)).toEqual([])
  console.log(`seed ${seed}: ${rows.length} messages, ${steals.length} steals, ${JSON.stringify(life.takeovers)}`)
})

it('takes over in time', () => {
  const of = (how: Takeover['how']) =>
    takeovers
      .filter((each) => each.how === how)
      .map(({ firstMs }) => firstMs)
      .sort((a, b) => a - b)
  const at = (sorted: readonly number[], share: number) => sorted[Math.ceil(sorted.length * share) - 1] ?? 0
  for (const how of ['close', 'kill', 'freeze', 'stop'] as const)
    console.log(
      `${how}: ${of(how).length} takeovers, p50 ${at(of(how), 0.5)} ms, p95 ${at(of(how), 0.95)} ms, longest ${at(of(how), 1)} ms`,
    )
  expect(of('close').length).toBeGreaterThan(0)
  expect(at(of('close'), 0.95)).toBeLessThanOrEqual(1_000)
  for (const how of ['kill', 'freeze', 'stop'] as const) expect(at(of(how), 1)).toBeLessThanOrEqual(15_000)
})
