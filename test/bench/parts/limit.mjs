/** What no chat client can beat: the same frames parsed, put into a Map by id and pushed into an array sorted by place. */
import { performance } from 'node:perf_hooks'
import { rowsIn } from './log.mjs'
import { cpuWatch } from './rounds.mjs'

function take(texts, count) {
  const byId = new Map()
  const sorted = []
  for (let i = 0; i < count; i++) {
    const { message } = JSON.parse(texts[i]).change
    byId.set(message.id, message)
    const last = sorted[sorted.length - 1]
    if (last !== undefined && last.seq > message.seq) sorted.splice(placeOf(sorted, message.seq), 0, message)
    else sorted.push(message)
  }
  return { byId, sorted }
}

function placeOf(sorted, seq) {
  let low = 0
  let high = sorted.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (sorted[middle].seq < seq) low = middle + 1
    else high = middle
  }
  return low
}

/** CPU µs per message. */
export function limitIngest(texts, count) {
  const watch = cpuWatch()
  const { byId, sorted } = take(texts, count)
  const tookMs = watch()
  if (byId.size !== count || sorted.length !== count) throw new Error('The limit lost messages.')
  return (tookMs * 1_000) / count
}

/** Bytes of heap that `count` messages take. */
export function limitHeap(texts, count) {
  globalThis.gc()
  const before = process.memoryUsage().heapUsed
  const kept = take(texts, count)
  globalThis.gc()
  const bytes = process.memoryUsage().heapUsed - before
  if (kept.sorted.length !== count) throw new Error('The limit lost messages.')
  return bytes
}

/** ms for a page of 100, parsed and put before 200 others. */
export function limitPage() {
  const held = rowsIn('c0', 100, 300)
  const text = JSON.stringify({ rows: rowsIn('c0', 0, 100) })
  const times = []
  for (let i = 0; i < 40; i++) {
    const byId = new Map(held.map((row) => [row.id, row]))
    const startedMs = performance.now()
    const { rows } = JSON.parse(text)
    for (const row of rows) byId.set(row.id, row)
    const sorted = [...rows, ...held]
    times.push(performance.now() - startedMs)
    if (sorted.length !== 300 || byId.size !== 300) throw new Error('The limit lost messages.')
  }
  return times.sort((a, b) => a - b)[times.length >> 1]
}
