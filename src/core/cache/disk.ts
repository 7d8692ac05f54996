/**
 * The disk as the core sees it: opened once, fenced by its generation (R29), with two kinds of commits. Rows of the
 * outbox go at once and strictly; cache rows go behind, at most one commit per 150 ms (R35).
 *
 *   closed ──first use──▶ opening ──rows──▶ claiming ──lanes──▶ ready ──generation gone──▶ fenced
 *                            ▲                          │ no generation yet   ▲  │ rows are elsewhere now
 *                            └── another was first ── founding ──committed────┘◀─┘
 */
import type { Row, StorageErrorCode } from '../../ports/storage.js'
import { isCount, isMarked, isTag, maybe, recordOf } from '../../protocol/guards.js'
import { yieldToEntries } from '../ahead.js'
import { conversationFor } from '../conversations.js'
import { type Entry, entryFromRow, entryWrite, isUnsettled, withChange } from '../outbox/entry.js'
import { entryOf, saved } from '../outbox/outbox.js'
import { settleHeld } from '../outbox/settle.js'
import type { Receipts } from '../state.js'
import { close } from '../session.js'
import * as timing from '../timing.js'
import { never } from '../timing.js'
import { drafts, report, type Turn, warn } from '../turn.js'
import { emptyCache } from './cache-state.js'
import { usageFromRows } from './cap.js'
import { enqueue, openDisk, saveRegister } from './disk-queue.js'
import { put } from './put.js'
import { commit, generationKey, load } from './writes.js'

const isRegister = recordOf<NonNullable<Receipts['pending']>>({ epoch: isTag, read: isCount, marked: maybe(isMarked) })

/** What the disk was asked for: at first everything a client needs before it may send, then lanes that nobody holds any more. */
export function diskRead(turn: Turn, rows: readonly Row[] | undefined): void {
  turn.disk.ask = 0
  if (turn.disk.phase === 'opening') opened(turn, rows ?? [])
  else adoptLanes(turn, rows)
}

/** Lanes of other instances are ours only if nobody living holds them (R16). */
function opened(turn: Turn, rows: readonly Row[]): void {
  const { disk } = turn
  disk.phase = 'claiming'
  disk.generation = rows.find(({ key }) => key[0] === 'g')?.version ?? ''
  disk.usage = disk.storedUsage = usageFromRows(rows)
  const lanes = new Set<string>()
  for (const row of rows) {
    const [kind, , lane] = row.key
    if (kind === 'r') restoreRegister(turn, row)
    // Nothing is written into the own one before.
    if (kind === 'o') lanes.add(lane as string)
  }
  turn.effects.push({ kind: 'claim-lanes', lanes: [...lanes] })
}

/**
 * Lanes that nobody holds any more; none: all of the first read have been asked for, and before that nothing is sent. What was written
 * into them up to the end of their instances may be newer than any read: they are read now.
 */
export function lanesClaimed(turn: Turn, lanes: readonly string[]): void {
  const { disk } = turn
  disk.freed = [...disk.freed, ...lanes]
  // What is under way was read before they ended.
  if (disk.phase === 'opening' || (disk.phase === 'claiming' && lanes.length > 0 && !disk.ask)) return
  disk.ask = 0
  if (disk.freed.length === 0) adoptLanes(turn, [])
  else readFreed(turn)
}

/** Once more where it could not be read. */
export function readFreed(turn: Turn): void {
  const { disk } = turn
  if (disk.freed.length > 0 && !disk.ask) disk.ask = load(turn, { prefix: ['o'] })
}

/** Adopted entries stand in order ahead of those of this instance that were not handed over yet. */
function adoptLanes(turn: Turn, rows: readonly Row[] | undefined): void {
  const { disk } = turn
  const { freed } = disk
  if (rows) disk.freed = []
  if (disk.phase === 'claiming') disk.phase = disk.generation ? 'ready' : 'founding'
  /** By conversation and local id: tried again in one tab while another has failed it, an entry has two rows, and the later one counts. */
  const adopted = new Map<string, Map<string, Entry>>()
  for (const row of rows ?? []) {
    if (!freed.includes(row.key[2] as string)) continue
    const entry = entryFromRow(row)
    if (!entry) warn(turn, 'A damaged outbox row is not sent.', { key: row.key })
    else adopted.set(entry.conversation, (adopted.get(entry.conversation) ?? new Map()).set(entry.localId, entry))
  }
  for (const [id, found] of adopted) {
    const c = conversationFor(turn, id)
    disk.adopted = [...disk.adopted, ...found.keys()]
    const entries = [...found.values()].filter(({ localId }) => !entryOf(c, localId))
    turn.outbox.entries += entries.length
    for (const { bytes } of entries) turn.outbox.bytes += bytes
    // What is on its way counts against the window of the conversation: nothing may go before it.
    const place = c.entries.findLastIndex(isUnsettled) + 1
    c.entries = c.entries.toSpliced(place, 0, ...entries)
    yieldToEntries(turn, c)
    settleHeld(turn, c)
  }
}

function restoreRegister(turn: Turn, { key: [, id], value }: Row): void {
  if (typeof id !== 'string' || !isRegister(value)) return
  const { epoch, read, marked } = value
  const { receipts } = conversationFor(turn, id)
  if (receipts.pending) return
  receipts.pending = { epoch, read, marked }
  // An earlier session may have told it.
  receipts.toldRev = marked?.rev ?? 0
}

/**
 * Everything that waits goes in one strict commit; one is under way at a time. The generation goes alone, before any. Memory, on which
 * nothing waits, is written as seldom as the cache.
 */
export function commitOutbox(turn: Turn): void {
  const { disk } = turn
  if (turn.nowMs < diskWakeAt(turn)) return
  if (disk.phase === 'founding') {
    disk.generation ||= `${turn.config.lane}.1`
    disk.flight = { commit: commit(turn, 'strict', [put(generationKey, null, disk.generation)]), savings: [] }
    return
  }
  const savings = disk.waiting
  const writes = savings.flatMap((saving) => saving.writes)
  disk.waiting = []
  disk.flight = { commit: commit(turn, 'strict', writes), savings }
  if (turn.storage?.kind === 'memory') disk.notBeforeMs = turn.nowMs + timing.writeBehindMs
}

export function outboxCommitted(turn: Turn, number: number): void {
  const { disk } = turn
  const { flight } = disk
  if (flight?.commit !== number) return
  Object.assign(disk, { phase: 'ready', flight: null, failures: 0 })
  const still = new Set(disk.waiting.map(({ localId }) => localId))
  for (const { conversation, localId } of flight.savings) if (!still.has(localId)) saved(turn, conversation, localId, true)
}

/** Not written: entries go on from memory, said so by `durable: false`, and the rows are tried again. */
export function outboxCommitFailed(turn: Turn, number: number, code: StorageErrorCode): void {
  const { disk } = turn
  const { flight } = disk
  if (flight?.commit !== number) return
  disk.flight = null
  if (code !== 'conflict') {
    disk.failures += 1
    disk.waiting = [...flight.savings, ...disk.waiting]
    disk.notBeforeMs = turn.nowMs + Math.min(timing.diskRetryMs * 2 ** disk.failures, timing.diskRetryCapMs)
    warn(turn, 'The outbox was not written; it is sent from memory.', { code, failures: disk.failures })
    for (const { conversation, localId } of disk.waiting) saved(turn, conversation, localId, false)
  } else if (disk.phase === 'ready') fence(turn)
  else {
    // Another instance wrote the first generation between our read and our write.
    disk.phase = 'closed'
    openDisk(turn)
  }
}

/** Rows live elsewhere from now on, and there is nothing there yet: everything unsettled is written anew. */
export function diskMoved(turn: Turn): void {
  const { disk } = turn
  if (disk.phase === 'opening' || disk.phase === 'claiming') {
    // What was read of the old place counts for nothing.
    disk.phase = 'closed'
    return openDisk(turn)
  }
  if (disk.phase !== 'ready' && disk.phase !== 'founding') return
  Object.assign(disk, { phase: 'founding', flight: null, cacheFlight: 0, waiting: [], notBeforeMs: 0 })
  for (const c of drafts(turn)) {
    const { id, cache, receipts } = c
    // A row that is left there may be found again and sent: the server is told of what is taken back.
    c.entries = c.entries.map((entry) => withChange(entry, { handed: true }))
    // A read under way is still answered, by the new place.
    Object.assign(cache, emptyCache, { dirty: true, dirtyFrom: 0, rereading: planted.movedUnread ? 0 : cache.rereading })
    for (const entry of c.entries) enqueue(turn, id, entry.localId, [entryWrite(entry)])
    if (receipts.pending) saveRegister(turn, id, receipts.pending)
  }
}

/** This user logged out elsewhere: this instance writes and sends nothing more (L10). */
export function fence(turn: Turn): void {
  turn.disk.phase = 'fenced'
  report(turn, { kind: 'fenced' })
  close(turn)
}

/** When the next strict commit is due. */
export function diskWakeAt({ disk }: Turn): number {
  const isDue = disk.phase === 'founding' || (disk.phase === 'ready' && disk.waiting.length > 0)
  return isDue && !disk.flight ? disk.notBeforeMs : never
}
