/**
 * The cache on a real disk, in Chromium (A7): bulk write, cold open in a browser process of its own, and the switch to a visited
 * conversation. The clock of a write runs from a database that is there until the last row is in it, without the 150 ms that
 * the client would still gather rows. Limit of the write: the same rows by hand, 50 to a record. Limit of the open: the same page
 * on an empty database. Peer: dexie, one record per message.
 */
import { stage } from './parts/browser.mjs'
import { interleaved, median } from './parts/rounds.mjs'
import { table } from './parts/table.mjs'

const found = table()
const { inBrowser, end } = await stage()

async function writes() {
  await inBrowser('write', '', async (page) => {
    const run = (name) => () => page.evaluate(([what, count]) => globalThis.bench[what](count), [name, 10_000])
    const result = await interleaved(
      { limit: run('writeByHand'), whole: run('write'), ingest: run('ingest'), peer: run('writeByDexie') },
      { rounds: 9 },
    )
    const { whole, ingest, limit } = result
    const peer = ['dexie', result.peer]
    found.row({ figure: 'cache write, 10k, above ingest', value: whole - ingest, unit: 'µs', limit, peer, most: 10 })
    found.row({ figure: 'cache write, 10k, with ingest', value: whole, unit: 'µs', limit, peer })
  })
}

async function coldOpens() {
  const count = 100_000
  await inBrowser('full', '', (page) => page.evaluate((n) => globalThis.bench.leave(n), count))
  await inBrowser('empty', '', (page) => page.evaluate(() => globalThis.bench.leave(0)))
  await inBrowser('dexie', '', (page) => page.evaluate((n) => globalThis.bench.leaveDexie(n), count))
  const run = (name) => () => inBrowser(name, `?open=${name}`, (page) => page.evaluate(() => globalThis.opened))
  const result = await interleaved({ limit: run('empty'), chatloom: run('full'), peer: run('dexie') }, { rounds: 9, warmUp: 1 })
  found.row({
    figure: 'cold open of 100k to 50 rows shown',
    value: result.chatloom,
    unit: 'ms',
    limit: result.limit,
    peer: ['dexie', result.peer],
    most: 1.15,
    against: 'limit',
  })
}

async function switched() {
  const { times, states, asked } = await inBrowser('switch', '', (page) => page.evaluate(() => globalThis.bench.switches(400)))
  if (asked.length > 0) throw new Error(`A switch asked the server: ${asked.join(', ')}.`)
  if (states.join() !== 'ready') throw new Error(`A switch showed ${states.join(', ')}.`)
  found.row({ figure: 'switch to a visited conversation', value: median(times), unit: 'ms', most: 1 })
}

try {
  for (const part of [writes, coldOpens, switched]) {
    const only = process.env.BENCH_PART
    if (!only || only === part.name) await part()
  }
  found.end()
} finally {
  end()
}
process.exit(0)
