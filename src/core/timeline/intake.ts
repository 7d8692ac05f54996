/**
 * What one turn brings into a log, gathered so that the rows are copied once, however many changes it brings (R33).
 * `applyRow` is the one rule by which pages, catch-ups and live changes commute: a row is applied iff its `rev` beats the
 * one held (R4).
 */
import type { Change, MessageRow } from '../../protocol/frames.js'
import { restart } from '../cache/cache.js'
import { bounds } from '../timing.js'
import type { Draft } from '../turn.js'
import { positionOf, trimOldest, windowOf } from './window.js'

export interface Intake {
  readonly c: Draft
  /** Messages not seen on this device before, in order: they will stand behind the tail's rows. */
  readonly fresh: MessageRow[]
  /** Changes to messages that are not in memory (R9). */
  readonly unheld: MessageRow[]
}

export function intakeOf(c: Draft): Intake {
  return { c, fresh: [], unheld: [] }
}

/** A row in its present state. */
export function applyRow({ c, fresh, unheld }: Intake, row: MessageRow): void {
  const { log, cache } = c
  const { rows, from, to } = log.tail
  const last = fresh.at(-1) ?? rows.at(-1)
  if (row.seq > to && (!last || row.seq > last.seq)) {
    fresh.push(row)
    cache.dirtyFrom = Math.min(cache.dirtyFrom, row.index)
    return
  }
  let at = positionOf(fresh, row.seq)
  if (at >= 0) {
    if (beats(row, fresh[at] as MessageRow)) fresh[at] = row
    return
  }
  at = positionOf(rows, row.seq)
  if (at >= 0) {
    if (!beats(row, rows[at] as MessageRow)) return
    log.tail = windowOf(rows.with(at, row), from, to)
    cache.dirtyFrom = Math.min(cache.dirtyFrom, row.index)
    return
  }
  const { view } = log
  at = view ? positionOf(view.rows, row.seq) : -1
  if (view && at >= 0) {
    if (!beats(row, view.rows[at] as MessageRow)) return
    log.view = windowOf(view.rows.with(at, row), view.from, view.to)
  }
  unheld.push(row)
}

function beats(row: MessageRow, held: MessageRow): boolean {
  return planted.olderRevWins ? row.rev !== held.rev : row.rev > held.rev
}

/** The change at the next `seq`. A kind not known here moves the head and nothing else (R10). */
export function applyChange(intake: Intake, seq: number, tag: string, change: Change): void {
  const { log } = intake.c
  if (change.kind === 'message' && change.message.seq <= seq && change.message.rev <= seq) applyRow(intake, change.message)
  if (change.kind === 'profile') log.profile = change.profile
  if (change.kind === 'member') changeMember(log, change.user, change.joined, seq)
  log.head = seq
  log.tag = tag
}

function changeMember(log: Draft['log'], user: string, joined: boolean, seq: number): void {
  const members = log.members.filter((member) => member.user !== user)
  const was = members.length < log.members.length
  if (joined && members.length < bounds.receiptMembers) members.push({ user, joined: seq })
  log.members = members
  log.memberCount = Math.max(log.memberCount + Number(joined) - Number(was), members.length)
}

/** Puts what was gathered into the log; the cache learns what to write. */
export function closeIntake({ c, fresh, unheld }: Intake): void {
  const { log, cache } = c
  const { rows, from, to, stem } = log.tail
  cache.dirty = true
  if (unheld.length > 0) keepUnheld(c, unheld)
  // The newest stored page is written once more, when the next one begins: its rows must still be here.
  const keepFrom = cache.last < 0 ? cache.dirtyFrom : Math.min(cache.dirtyFrom, cache.last)
  log.tail = trimOldest(windowOf(fresh.length > 0 ? rows.concat(fresh) : rows, from, Math.max(log.head, to), stem), keepFrom)
  log.heard = Math.max(log.heard, log.head)
  if (log.beyond.length > 0) log.beyond = log.beyond.filter((frame) => frame.epoch === log.epoch && frame.seq > log.head)
}

function keepUnheld({ log, cache }: Draft, unheld: readonly MessageRow[]): void {
  // Below the cover too: until the commit another tab may have stored what lies there.
  if (cache.cover) cache.patches = [...cache.patches, ...unheld]
  // A disk that takes nothing must not fill the memory.
  if (cache.patches.length > bounds.patches) restart(cache)
  // Too many: the page is asked for again.
  const kept = log.load?.kept && [...log.load.kept, ...unheld]
  if (log.load && kept) log.load = { ...log.load, kept: kept.length > bounds.kept ? null : kept }
}
