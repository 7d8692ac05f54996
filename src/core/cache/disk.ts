/**
 * The disk as the core sees it: opened once, fenced by its generation (R29), with two kinds of commits. Rows of the
 * outbox go at once and strictly; cache rows go behind, at most one commit per 150 ms (R35).
 *
 *   closed ──first use──▶ opening ──rows──▶ claiming ──lanes──▶ ready ──generation gone──▶ fenced
 *                            ▲                          │ no generation yet   ▲  │ rows are elsewhere now
 *                            └── another was first ── founding ──committed────┘◀─┘
 */
import type { Row, StorageErrorCode, Write } from '../../ports/storage.js'
import { type Entry, entryFromRow, entryWrite } from '../outbox/entry.js'
import { saved } from '../outbox/outbox.js'
import { conversationFor } from '../conversations.js'
import { never, timing } from '../timing.js'
import { nextNumber, put, report, type Turn } from '../turn.js'
import { settleHeld } from '../outbox/settle.js'
import { restarted } from './cache.js'
import { usageFromRows } from './cap.js'
import { generationKey, openDisk, save, saveRegister } from './disk-queue.js'

/** The first read came: lanes of other instances are ours only if nobody living holds them (R16). */
export function diskRead(turn: Turn, rows: readonly Row[]): void {
  const { disk, config } = turn.state
  const lanes = new Set<string>()
  for (const row of rows) if (row.key[0] === 'o' && typeof row.key[2] === 'string' && row.key[2] !== config.lane) lanes.add(row.key[2])
  turn.state.disk = { ...disk, phase: 'claiming', rows, ask: 0 }
  if (lanes.size === 0) lanesClaimed(turn, [])
  else turn.effects.push({ kind: 'claim-lanes', lanes: [...lanes].sort() })
}

/** The first read failed for good: nothing stored can be used, and nothing will be stored. */
export function diskUnreadable(turn: Turn): void {
  report(turn, { kind: 'warning', text: 'The stored outbox could not be read; sending goes on from memory.', fields: {} })
  turn.state.disk = { ...turn.state.disk, phase: 'claiming', rows: [], ask: 0 }
  lanesClaimed(turn, [])
}

/** Adopted entries stand in order ahead of those made since. */
export function lanesClaimed(turn: Turn, lanes: readonly string[]): void {
  const { disk } = turn.state
  if (disk.phase !== 'claiming') return
  const mine = new Set(lanes)
  const stored = disk.rows.find((row) => row.key[0] === 'g')
  const generation = stored?.version ?? `${turn.state.config.lane}.1`
  turn.state.disk = {
    ...disk,
    phase: stored ? 'ready' : 'founding',
    generation,
    rows: [],
    adopted: lanes,
    usage: usageFromRows(disk.rows),
  }
  const adopted = new Map<string, Entry[]>()
  for (const row of disk.rows) {
    if (row.key[0] === 'r') restoreRegister(turn, row)
    if (row.key[0] !== 'o' || !mine.has(row.key[2] as string)) continue
    const entry = entryFromRow(row)
    if (!entry)
      report(turn, { kind: 'warning', text: 'A stored outbox row is damaged; it stays on disk and is not sent.', fields: { key: row.key } })
    else adopted.set(entry.conversation, [...(adopted.get(entry.conversation) ?? []), entry])
  }
  for (const [id, entries] of adopted) adopt(turn, id, entries)
}

function adopt(turn: Turn, id: string, found: readonly Entry[]): void {
  const conversation = conversationFor(turn, id)
  const here = new Set(conversation.entries.map((entry) => entry.localId))
  const entries = found.filter((entry) => !here.has(entry.localId))
  const { outbox } = turn.state
  const bytes = entries.reduce((sum, entry) => sum + entry.bytes, 0)
  turn.state.outbox = { ...outbox, entries: outbox.entries + entries.length, bytes: outbox.bytes + bytes }
  put(turn, { ...conversation, entries: [...entries, ...conversation.entries] })
  settleHeld(turn, id)
}

function restoreRegister(turn: Turn, row: Row): void {
  const [, id] = row.key
  const { epoch, read } = (row.value ?? {}) as { epoch?: unknown; read?: unknown }
  if (typeof id !== 'string' || typeof epoch !== 'string' || !Number.isSafeInteger(read)) return
  const conversation = conversationFor(turn, id)
  if (conversation.receipts.pending) return
  put(turn, { ...conversation, receipts: { ...conversation.receipts, pending: { epoch, read: read as number } } })
}

/** Everything that waits goes in one strict commit; one is under way at a time. The generation goes alone, before any. */
export function commitOutbox(turn: Turn): void {
  const { disk } = turn.state
  const founding = disk.phase === 'founding'
  if ((!founding && disk.phase !== 'ready') || disk.flight || turn.env.nowMs < disk.notBeforeMs) return
  if (!founding && disk.waiting.length === 0) return
  const commit = nextNumber(turn)
  const first: Write = { kind: 'put', row: { key: generationKey, version: disk.generation, value: null } }
  const savings = founding ? [] : disk.waiting
  const writes = founding ? [first] : savings.flatMap((saving) => saving.writes)
  turn.state.disk = { ...disk, waiting: founding ? disk.waiting : [], flight: { commit, savings } }
  const expect = [{ key: generationKey, version: founding ? null : disk.generation }]
  turn.effects.push({ kind: 'commit', commit, writes, durability: 'strict', expect })
}

/** True when the commit was one of the outbox. */
export function outboxCommitted(turn: Turn, commit: number): boolean {
  const { disk } = turn.state
  if (disk.flight?.commit !== commit) return false
  const { savings } = disk.flight
  const still = new Set(disk.waiting.map((saving) => saving.localId))
  turn.state.disk = { ...disk, phase: 'ready', flight: null, failures: 0 }
  for (const { conversation, localId } of savings) if (localId !== '' && !still.has(localId)) saved(turn, conversation, localId, true)
  return true
}

/** Not written: entries go on from memory, said so by `durable: false`, and the rows are tried again. */
export function outboxCommitFailed(turn: Turn, commit: number, code: StorageErrorCode): boolean {
  const { disk } = turn.state
  if (disk.flight?.commit !== commit) return false
  const { savings } = disk.flight
  if (code === 'conflict') {
    if (disk.phase === 'ready') fence(turn)
    else reopen(turn)
    return true
  }
  const failures = disk.failures + 1
  const notBeforeMs = turn.env.nowMs + Math.min(timing.diskRetryMs * 2 ** failures, timing.diskRetryCapMs)
  turn.state.disk = { ...disk, flight: null, waiting: [...savings, ...disk.waiting], failures, notBeforeMs }
  report(turn, { kind: 'warning', text: 'The outbox could not be written; sending goes on from memory.', fields: { code, failures } })
  for (const { conversation, localId } of turn.state.disk.waiting) if (localId !== '') saved(turn, conversation, localId, false)
  return true
}

/** Another instance wrote the first generation between our read and our write. */
function reopen(turn: Turn): void {
  turn.state.disk = { ...turn.state.disk, phase: 'closed', flight: null }
  openDisk(turn)
}

/** Rows live elsewhere from now on, and there is nothing there yet: everything unsettled is written anew. */
export function diskMoved(turn: Turn): void {
  const { disk, conversations } = turn.state
  if (disk.phase !== 'ready' && disk.phase !== 'founding') return
  turn.state.disk = { ...disk, phase: 'founding', flight: null, cacheFlight: null, waiting: [], notBeforeMs: 0 }
  for (const conversation of conversations) {
    const cache = { ...restarted(conversation.cache), version: null, rereading: 0, flight: null, removals: [] }
    const next = put(turn, { ...conversation, cache })
    for (const entry of next.entries) save(turn, entry, [entryWrite(entry)])
    if (next.receipts.pending) saveRegister(turn, next.id, next.receipts.pending)
  }
}

/** This user logged out elsewhere: this instance writes and sends nothing more (L10). */
export function fence(turn: Turn): void {
  turn.state.disk = { ...turn.state.disk, phase: 'fenced', flight: null, waiting: [], cacheFlight: null }
  report(turn, { kind: 'fenced' })
}

export function diskWakeAt(turn: Turn): number {
  const { disk } = turn.state
  if (disk.phase === 'founding') return disk.flight ? never : disk.notBeforeMs
  if (disk.phase !== 'ready') return never
  return disk.waiting.length > 0 && !disk.flight ? disk.notBeforeMs : never
}
