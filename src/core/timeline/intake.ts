/**
 * What one turn brings into a log, gathered so that the rows are copied once, however many changes it brings (R33).
 * `applyRow` is the one rule by which pages, catch-ups and live changes commute: a row is applied iff its `rev` beats the
 * one held (R4).
 */
import * as bounds from '../bounds.js'
import type { ChangeFrame, MessageRow } from '../../protocol/frames.js'
import { neededFrom, restart } from '../cache/cache.js'
import type { Draft } from '../turn.js'
import { newestTags } from './facts.js'
import { appended, restated, trimOldest, windowOf } from './window.js'

export interface Intake {
  readonly c: Draft
  /** Messages not seen on this device before, in order: they will stand behind the tail's rows. */
  fresh: MessageRow[]
  /** Changes to messages that are not in the tail (R9). */
  readonly unheld: MessageRow[]
}

/** A row in its present state. */
export function applyRow(intake: Intake, row: MessageRow): void {
  const { c, fresh, unheld } = intake
  const { log, cache } = c
  const { tail, view } = log
  const last = fresh.at(-1) ?? tail.rows.at(-1)
  if (row.seq > tail.to && (!last || row.seq > last.seq)) {
    fresh.push(planted.mixedContent && last ? { ...row, content: last.content } : row)
    cache.dirtyFrom = Math.min(cache.dirtyFrom, row.index)
    return
  }
  const inFresh = restated(fresh, row)
  const inTail = inFresh ? tail.rows : restated(tail.rows, row)
  const inView = view && restated(view.rows, row)
  if (inFresh) intake.fresh = inFresh as MessageRow[]
  // Of one that is not here the disk has what the head knows, and a patch would be written over it.
  if (!inTail && row.rev > log.head) unheld.push(row)
  if (inTail) {
    log.tail = windowOf(inTail, tail.from, tail.to)
    // Where it is no news too: it was told from above the head, and another tab may have stored what it was before.
    if (!planted.staleRowsClean) cache.dirtyFrom = Math.min(cache.dirtyFrom, row.index)
  }
  if (inView && inView !== view.rows) log.view = windowOf(inView, view.from, view.to)
}

/** The change at the next `seq`. A kind not known here moves the head and nothing else (R10). */
export function applyChange(intake: Intake, { seq, tag, change }: ChangeFrame): void {
  const { log } = intake.c
  if (change.kind === 'message' && change.message.seq <= seq && change.message.rev <= seq) applyRow(intake, change.message)
  if (change.kind === 'profile') log.profile = change.profile
  if (change.kind === 'member') changeMember(log, change.user, change.joined, seq)
  log.head = seq
  log.tag = tag
  log.tags += `\n${tag}`
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
  if (log.tags.length > bounds.tags) log.tags = newestTags(log.tags, bounds.tags / 2)
  if (unheld.length > 0) keepUnheld(c, unheld)
  const whole = windowOf(
    fresh.length > 0 ? (planted.freshInFront ? [...fresh, ...rows] : appended(rows, fresh)) : rows,
    from,
    Math.max(log.head, to),
    stem,
  )
  log.tail = trimOldest(whole, neededFrom(cache))
}

function keepUnheld({ log, cache }: Draft, unheld: readonly MessageRow[]): void {
  const { load } = log
  // Below the cover too: until the commit another tab may have stored what lies there.
  if (cache.cover) cache.patches = [...cache.patches, ...unheld]
  // A disk that takes nothing must not fill the memory.
  if (cache.patches.length > bounds.patches) restart(cache)
  if (!load?.kept) return
  // Too many: the page is asked for again.
  const kept = [...load.kept, ...unheld]
  log.load = { ...load, kept: kept.length > bounds.kept ? null : kept }
}
