/**
 * The disk cap (R30): when the cache outgrows it, the least recently opened conversation gives way. One in memory loses
 * the older half of its pages, with its cursor corrected in the same commit; one that is not goes whole. Sizes are
 * estimates from the newest rows; the outbox is never counted and never touched.
 */
import type { Key, Row, Write } from '../../ports/storage.js'
import type { ConversationState } from '../state.js'
import { pageOf } from '../timeline/window.js'
import { bounds } from '../timing.js'
import { conversationOf, put, type Turn } from '../turn.js'
import type { Usage } from './disk-state.js'

const usageKey: Key = ['u']

/** After making room this much of the cap is used at most, so that it is not made at every commit. */
const roomy = 0.9
/** A change smaller than this is not worth a write. */
const noticeBytes = 64 * 1024

/** What the committed rows of this conversation take, about. */
export function noteUsage(turn: Turn, { id, log, cache }: ConversationState): void {
  if (!cache.cover) return
  const newest = log.tail.rows.slice(-8)
  const rowBytes = newest.length > 0 ? JSON.stringify(newest).length / newest.length : 0
  const bytes = Math.ceil((cache.last - cache.cover.first + 1) * rowBytes)
  const { disk } = turn.state
  const was = disk.usage.get(id)
  if (was && Math.abs(was.bytes - bytes) < noticeBytes) return
  turn.state.disk = { ...disk, usage: new Map(disk.usage).set(id, { bytes, openedAt: was?.openedAt ?? turn.env.wallMs }) }
}

/** Somebody looks at this conversation. */
export function noteOpened(turn: Turn, id: string): void {
  const { disk } = turn.state
  const was = disk.usage.get(id)
  if (was) turn.state.disk = { ...disk, usage: new Map(disk.usage).set(id, { ...was, openedAt: turn.env.wallMs }) }
}

/** Writes that keep the cache under its cap, and the row that remembers the sizes. */
export function capWrites(turn: Turn): Write[] {
  const { disk, storage } = turn.state
  const writes: Write[] = []
  if (storage && total(disk.usage) > storage.cacheBytes) makeRoom(turn, storage.cacheBytes * roomy, writes)
  const { usage } = turn.state.disk
  if (usage === disk.storedUsage) return writes
  turn.state.disk = { ...turn.state.disk, storedUsage: usage }
  const value = [...usage].map(([id, { bytes, openedAt }]) => [id, bytes, openedAt])
  writes.push({ kind: 'put', row: { key: usageKey, version: '', value } })
  return writes
}

function total(usage: Usage): number {
  let bytes = 0
  for (const each of usage.values()) bytes += each.bytes
  return bytes
}

function makeRoom(turn: Turn, most: number, writes: Write[]): void {
  const usage = new Map(turn.state.disk.usage)
  const oldestFirst = [...usage].sort(([, a], [, b]) => a.openedAt - b.openedAt)
  let bytes = total(usage)
  for (const [id, each] of oldestFirst) {
    if (bytes <= most) break
    const conversation = conversationOf(turn, id)
    const left = conversation ? halved(turn, conversation, each.bytes) : 0
    if (!conversation) writes.push({ kind: 'clear', range: { prefix: ['m', id] } })
    if (left === 0) usage.delete(id)
    else usage.set(id, { ...each, bytes: left })
    bytes -= each.bytes - left
  }
  turn.state.disk = { ...turn.state.disk, usage }
}

/** Gives up the older half of the stored pages, but none that is in memory; returns the bytes that stay. */
function halved(turn: Turn, conversation: ConversationState, bytes: number): number {
  const { cache, log } = conversation
  const { cover } = cache
  const held = log.tail.rows[0]
  if (!cover || !held) return bytes
  const middle = pageOf(cover.first + (cache.last - cover.first) / 2) + 1
  const first = Math.min(middle, pageOf(held.index)) * bounds.pageRows
  if (first <= cover.first) return bytes
  put(turn, { ...conversation, cache: { ...cache, cover: { first, from: -1 }, drop: true, dirty: true } })
  return Math.ceil((bytes * (cache.last - first + 1)) / (cache.last - cover.first + 1))
}

/** The sizes as the disk remembers them; what is damaged is forgotten. */
export function usageFromRows(rows: readonly Row[]): Usage {
  const value = rows.find((row) => row.key[0] === 'u')?.value
  const usage = new Map<string, { bytes: number; openedAt: number }>()
  for (const each of Array.isArray(value) ? value : []) {
    const [id, bytes, openedAt] = Array.isArray(each) ? each : []
    if (typeof id === 'string' && Number.isSafeInteger(bytes) && typeof openedAt === 'number') usage.set(id, { bytes, openedAt })
  }
  return usage
}
