/**
 * The disk cap (R30): when the cache outgrows it, the least recently opened conversation gives way. One in memory loses
 * the older half of its pages, with its cursor corrected in the same commit; one that is not goes whole. Sizes are
 * estimates from the newest rows; the outbox is never counted and never touched.
 */
import type { Row, Write } from '../../ports/storage.js'
import { isCount } from '../../protocol/guards.js'
import { pageOf } from '../timeline/window.js'
import * as bounds from '../bounds.js'
import { type Draft, draftOf, type Turn } from '../turn.js'
import type { Usage } from './disk-state.js'
import { put } from './put.js'

/** After making room this much of the cap is used at most, so that it is not made at every commit. */
const roomy = 0.9
/** A change smaller than this is not worth a write. */
const noticeBytes = 64 * 1024

/** What the committed rows of this conversation take, about. */
export function noteUsage({ disk, wallMs }: Turn, { id, log, cache }: Draft): void {
  const newest = log.tail.rows.slice(-8)
  if (!cache.cover || newest.length === 0) return
  const bytes = Math.ceil(((cache.last - cache.cover.first + 1) * JSON.stringify(newest).length) / newest.length)
  const was = disk.usage.get(id)
  if (was && Math.abs(was.bytes - bytes) < noticeBytes) return
  note(disk, id, bytes, was?.openedAt ?? wallMs)
}

/** Somebody looks at this conversation. */
export function noteOpened({ disk, wallMs }: Turn, id: string): void {
  const was = disk.usage.get(id)
  if (was) note(disk, id, was.bytes, wallMs)
}

function note(disk: Turn['disk'], id: string, bytes: number, openedAt: number): void {
  disk.usage = new Map(disk.usage).set(id, { bytes, openedAt })
}

/** Writes that keep the cache under its cap, and the row that remembers the sizes. */
export function capWrites(turn: Turn): Write[] {
  const { disk, storage } = turn
  const writes: Write[] = storage ? roomMade(turn, storage.cacheBytes) : []
  if (disk.usage === disk.storedUsage) return writes
  const value = [...disk.usage].map(([id, { bytes, openedAt }]) => [id, bytes, openedAt])
  return [...writes, put(['u'], value)]
}

function roomMade(turn: Turn, cap: number): Write[] {
  const writes: Write[] = []
  const usage = new Map(turn.disk.usage)
  let total = 0
  for (const { bytes } of usage.values()) total += bytes
  if (total <= cap) return writes
  for (const [id, { bytes, openedAt }] of [...usage].sort(([, a], [, b]) => a.openedAt - b.openedAt)) {
    if (total <= cap * roomy) break
    const c = draftOf(turn, id)
    const left = c ? halved(c, bytes) : 0
    total -= bytes - left
    usage.set(id, { bytes: left, openedAt })
    if (c) continue
    usage.delete(id)
    // It stands on no cursor, and expects none (R29): whoever holds the conversation meets a conflict, and writes it anew.
    writes.push({ kind: 'clear', range: { prefix: ['m', id] } })
  }
  turn.disk.usage = usage
  return writes
}

/** Gives up the older half of the stored pages, but none that is in memory; returns the bytes that stay. */
function halved({ cache, log }: Draft, bytes: number): number {
  const { cover, last } = cache
  const held = log.tail.rows[0]
  if (!cover || !held) return bytes
  const middle = pageOf((cover.first + last) / 2) + 1
  const first = Math.min(middle, pageOf(held.index)) * bounds.pageRows
  if (first <= cover.first) return bytes
  Object.assign(cache, { cover: { first, from: -1 }, drop: true, dirty: true })
  return Math.ceil((bytes * (last - first + 1)) / (last - cover.first + 1))
}

/** The sizes as the disk remembers them; what is damaged is forgotten. */
export function usageFromRows(rows: readonly Row[]): Usage {
  const value = rows.find(({ key }) => key[0] === 'u')?.value
  const usage = new Map<string, { bytes: number; openedAt: number }>()
  for (const each of Array.isArray(value) ? value : []) {
    const [id, bytes, openedAt] = Array.isArray(each) ? each : []
    if (typeof id === 'string' && isCount(bytes) && typeof openedAt === 'number') usage.set(id, { bytes, openedAt })
  }
  return usage
}
