/**
 * The disk as the core sees it: opened once, fenced by its generation (R29), with two kinds of commits. Rows of the
 * outbox go at once and strictly; cache rows go behind, at most one commit per 150 ms (R35).
 *
 *   closed ──first use──▶ opening ──rows──▶ claiming ──lanes──▶ ready ──generation gone──▶ fenced
 *                            ▲                          │ no generation yet   ▲  │ rows are elsewhere now
 *                            └── another was first ── founding ──committed────┘◀─┘
 */
import type { Row, StorageErrorCode, Write } from '../../ports/storage.js'
import { isCount, isFields, isMarked, maybe } from '../../protocol/guards.js'
import { conversationFor } from '../conversations.js'
import { type Entry, entryFromRow, entryWrite } from '../outbox/entry.js'
import { saved } from '../outbox/outbox.js'
import { settleHeld } from '../outbox/settle.js'
import { never, timing } from '../timing.js'
import { drafts, nextNumber, report, type Turn, warn } from '../turn.js'
import { restart } from './cache.js'
import { usageFromRows } from './cap.js'
import { generationKey, openDisk, enqueue, saveRegister } from './disk-queue.js'

/** The first read came: lanes of other instances are ours only if nobody living holds them (R16). */
export function diskRead(turn: Turn, rows: readonly Row[]): void {
  Object.assign(turn.disk, { phase: 'claiming', rows, ask: 0 })
  const lanes = new Set(rows.flatMap(({ key: [kind, , lane] }) => (kind === 'o' && typeof lane === 'string' ? [lane] : [])))
  lanes.delete(turn.config.lane)
  if (lanes.size === 0) lanesClaimed(turn, [])
  else turn.effects.push({ kind: 'claim-lanes', lanes: [...lanes].sort() })
}

/** The first read failed for good: nothing stored can be used, and nothing will be stored. */
export function diskUnreadable(turn: Turn): void {
  warn(turn, 'The stored outbox could not be read; sending goes on from memory.', {})
  diskRead(turn, [])
}

/** Lanes that nobody holds: those found at the first read, or one whose instance has ended since. */
export function lanesClaimed(turn: Turn, lanes: readonly string[]): void {
  const { disk } = turn
  const { rows } = disk
  if (disk.phase !== 'claiming') return lanesFreed(turn, lanes)
  const generation = rows.find(({ key }) => key[0] === 'g')?.version
  disk.phase = generation === undefined ? 'founding' : 'ready'
  disk.generation = generation ?? `${turn.config.lane}.1`
  disk.rows = []
  disk.adopted = lanes
  disk.usage = usageFromRows(rows)
  for (const row of rows) if (row.key[0] === 'r') restoreRegister(turn, row)
  adoptLanes(turn, lanes, rows)
}

/** What was written into it since the first read is not known: the outbox is read again. */
function lanesFreed(turn: Turn, lanes: readonly string[]): void {
  const { disk } = turn
  if (lanes.length === 0 || (disk.phase !== 'ready' && disk.phase !== 'founding')) return
  disk.freed = [...disk.freed, ...lanes]
  disk.ask = nextNumber(turn)
  turn.effects.push({ kind: 'load', ask: disk.ask, ranges: [{ prefix: ['o'] }] })
}

/** The rows of freed lanes. */
export function freedRead(turn: Turn, rows: readonly Row[]): void {
  const { disk } = turn
  const { freed } = disk
  Object.assign(disk, { ask: 0, freed: [], adopted: [...disk.adopted, ...freed] })
  adoptLanes(turn, freed, rows)
}

/** Adopted entries stand in order ahead of those made since. */
function adoptLanes(turn: Turn, lanes: readonly string[], rows: readonly Row[]): void {
  const adopted = new Map<string, Entry[]>()
  for (const row of rows) {
    const [kind, , lane] = row.key
    if (kind !== 'o' || !lanes.includes(lane as string)) continue
    const entry = entryFromRow(row)
    if (entry) adopted.set(entry.conversation, [...(adopted.get(entry.conversation) ?? []), entry])
    else warn(turn, 'A stored outbox row is damaged; it stays on disk and is not sent.', { key: row.key })
  }
  for (const [id, entries] of adopted) adopt(turn, id, entries)
}

function adopt(turn: Turn, id: string, found: readonly Entry[]): void {
  const c = conversationFor(turn, id)
  const here = new Set(c.entries.map(({ localId }) => localId))
  const entries = found.filter(({ localId }) => !here.has(localId))
  turn.outbox.entries += entries.length
  for (const { bytes } of entries) turn.outbox.bytes += bytes
  c.entries = [...entries, ...c.entries]
  settleHeld(turn, c)
}

function restoreRegister(turn: Turn, { key: [, id], value }: Row): void {
  if (typeof id !== 'string' || !isFields(value)) return
  const { epoch, read, marked } = value
  if (typeof epoch !== 'string' || !isCount(read) || !maybe(isMarked)(marked)) return
  const { receipts } = conversationFor(turn, id)
  if (receipts.pending) return
  receipts.pending = { epoch, read, marked }
  // An earlier session may have told it.
  receipts.toldRev = marked?.rev ?? 0
}

/** Everything that waits goes in one strict commit; one is under way at a time. The generation goes alone, before any. */
export function commitOutbox(turn: Turn): void {
  const { disk } = turn
  if (turn.nowMs < diskWakeAt(turn)) return
  const { generation } = disk
  const founding = disk.phase === 'founding'
  const commit = nextNumber(turn)
  const savings = founding ? [] : disk.waiting
  const first: Write = { kind: 'put', row: { key: generationKey, version: generation, value: null } }
  const writes = founding ? [first] : savings.flatMap((saving) => saving.writes)
  if (!founding) disk.waiting = []
  disk.flight = { commit, savings }
  const expect = [{ key: generationKey, version: founding ? null : generation }]
  turn.effects.push({ kind: 'commit', commit, writes, durability: 'strict', expect })
}

/** True when the commit was one of the outbox. */
export function outboxCommitted(turn: Turn, commit: number): boolean {
  const { disk } = turn
  const { flight } = disk
  if (flight?.commit !== commit) return false
  Object.assign(disk, { phase: 'ready', flight: null, failures: 0 })
  const still = new Set(disk.waiting.map(({ localId }) => localId))
  for (const { conversation, localId } of flight.savings) if (!still.has(localId)) saved(turn, conversation, localId, true)
  return true
}

/** Not written: entries go on from memory, said so by `durable: false`, and the rows are tried again. */
export function outboxCommitFailed(turn: Turn, commit: number, code: StorageErrorCode): boolean {
  const { disk } = turn
  const { flight } = disk
  if (flight?.commit !== commit) return false
  disk.flight = null
  if (code !== 'conflict') {
    disk.failures += 1
    disk.waiting = [...flight.savings, ...disk.waiting]
    disk.notBeforeMs = turn.nowMs + Math.min(timing.diskRetryMs * 2 ** disk.failures, timing.diskRetryCapMs)
    warn(turn, 'The outbox could not be written; sending goes on from memory.', { code, failures: disk.failures })
    for (const { conversation, localId } of disk.waiting) saved(turn, conversation, localId, false)
  } else if (disk.phase === 'ready') fence(turn)
  else {
    // Another instance wrote the first generation between our read and our write.
    disk.phase = 'closed'
    openDisk(turn)
  }
  return true
}

/** Rows live elsewhere from now on, and there is nothing there yet: everything unsettled is written anew. */
export function diskMoved(turn: Turn): void {
  const { disk } = turn
  if (disk.phase !== 'ready' && disk.phase !== 'founding') return
  Object.assign(disk, { phase: 'founding', flight: null, cacheFlight: null, waiting: [], notBeforeMs: 0 })
  for (const { id, cache, entries, receipts } of drafts(turn)) {
    restart(cache)
    Object.assign(cache, { version: null, rereading: 0, flight: null, removals: [] })
    for (const entry of entries) enqueue(turn, id, entry.localId, [entryWrite(entry)])
    if (receipts.pending) saveRegister(turn, id, receipts.pending)
  }
}

/** This user logged out elsewhere: this instance writes and sends nothing more (L10). */
export function fence(turn: Turn): void {
  Object.assign(turn.disk, { phase: 'fenced', flight: null, waiting: [], cacheFlight: null })
  report(turn, { kind: 'fenced' })
}

/** When the next strict commit is due. */
export function diskWakeAt({ disk }: Turn): number {
  const isDue = disk.phase === 'founding' || (disk.phase === 'ready' && disk.waiting.length > 0)
  return isDue && !disk.flight ? disk.notBeforeMs : never
}
