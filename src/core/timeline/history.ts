/**
 * Older and newer pages, and jumps (R6, R19): from memory, else from disk, else from the network. One load per
 * conversation at a time; changes to messages not held that come meanwhile are replayed by `rev`.
 */
import { confirm } from '../ahead.js'
import type { Row } from '../../ports/storage.js'
import type { MessageRow, Page } from '../../protocol/frames.js'
import { neededFrom } from '../cache/cache.js'
import { isOwnLine, loadPages } from '../cache/restore.js'
import { foldPages } from '../cache/stored-rows.js'
import type { Effect } from '../event.js'
import { settleHeld } from '../outbox/settle.js'
import type { HistoryLoad, Log, Window } from '../state.js'
import * as bounds from '../bounds.js'
import * as timing from '../timing.js'
import { never } from '../timing.js'
import { type Draft, draftOf, nextNumber, type Turn } from '../turn.js'
import { heard, isLive } from './live.js'
import { covers, isDense, joined, pageOf, replayed, trimNewest, trimOldest, windowOf } from './window.js'

/** The run that is shown. */
export function shown(log: Log): Window {
  return log.view ?? log.tail
}

export function loadMore(turn: Turn, c: Draft, call: number, way: 'older' | 'newer', limit: number): void {
  const { log } = c
  const { view } = log
  const { from, to } = shown(log)
  const older = way === 'older'
  if (joins(log, call)) return
  if (older ? from > log.floor : view && !reachesTail(log)) {
    return begin(turn, c, { way, seq: older ? from + 1 : to, limit: Math.max(1, Math.min(limit, 100)), calls: [call] })
  }
  if (!older && view) withNewer(c, view)
  answer(turn, [call])
}

export function jump(turn: Turn, c: Draft, call: number, seq: number): void {
  const { log } = c
  const { view, load } = log
  if (seq <= log.floor || seq > log.heard) return answer(turn, [call], 'not-found')
  // What it would bring is no longer wanted: it would lead away from this place.
  if (load?.seq !== seq) endLoad(turn, c)
  if (joins(log, call)) return
  const inView = view && covers(view, seq)
  if (!inView && !covers(log.tail, seq)) return begin(turn, c, { way: 'around', seq, limit: bounds.pageRows, calls: [call] })
  if (!inView) log.view = null
  answer(turn, [call])
}

/** True where a load is under way: the call waits for it too. */
function joins(log: Draft['log'], call: number): boolean {
  const { load } = log
  if (load) log.load = { ...load, calls: [...load.calls, call] }
  return load !== null
}

type Wanted = Pick<HistoryLoad, 'way' | 'seq' | 'limit' | 'calls'> & Partial<Pick<HistoryLoad, 'tries'>>

function begin(turn: Turn, c: Draft, { way, seq, limit, calls, tries = 0 }: Wanted): void {
  const { log, cache, id: conversation } = c
  const { session } = turn
  const pages = tries === 0 ? onDisk(c, way, limit) : null
  const id = pages ? loadPages(turn, conversation, pages) : nextNumber(turn)
  const load = { way, seq, limit, calls, tries, id, deadlineMs: turn.nowMs + timing.requestMs }
  if (pages) {
    // Changes that may not be in the pages that are read now are kept.
    log.load = { ...load, source: 'disk', kept: [...(cache.flight?.patches ?? []), ...cache.patches] }
  } else if (log.state === 'gone') answer(turn, calls, 'conversation-gone')
  else if (session.phase !== 'online') answer(turn, calls, 'offline')
  else {
    log.load = { ...load, source: 'network', kept: [] }
    turn.frames.push({
      type: 'history',
      request: id,
      conversation,
      epoch: log.epoch,
      anchor: way === 'older' ? { before: seq } : way === 'newer' ? { after: seq } : { around: seq },
      limit: Math.min(session.limits.pageRows, way === 'older' ? aligned(log, limit) : limit),
      atLeast: tries > 0 ? log.head : undefined,
    })
  }
}

/** So many rows that the page ends at a page boundary of the cache. */
function aligned(log: Log, limit: number): number {
  const first = shown(log).rows[0]?.index ?? 0
  return first - pageOf(first - limit) * bounds.pageRows
}

/** The row at the end of the shown run that a load continues. */
function edgeOf(log: Log, way: HistoryLoad['way']): MessageRow | undefined {
  return shown(log).rows.at(way === 'older' ? 0 : -1)
}

/** First and last index to read from disk; null where the disk does not reach. */
function onDisk({ log, cache }: Draft, way: HistoryLoad['way'], limit: number): readonly [number, number] | null {
  const { cover } = cache
  const edge = edgeOf(log, way)?.index
  if (!cover || way === 'around' || edge === undefined || edge < cover.first) return null
  if (way === 'newer') return [edge + 1, edge + limit]
  return edge === cover.first ? null : [Math.max(cover.first, edge - limit), edge - 1]
}

/** Pages from disk. What does not continue the window is not believed: the network is asked. */
export function diskPage(turn: Turn, c: Draft, load: HistoryLoad, rows: readonly Row[]): void {
  const { log } = c
  const { cover } = c.cache
  const older = load.way === 'older'
  const edge = edgeOf(log, load.way)
  if (!edge || !cover || !isOwnLine(c, rows)) return again(turn, c, load)
  const found = older ? foldPages(rows, cover.first, edge.index - 1) : foldPages(rows, edge.index + 1)
  // The newest rows may be in memory only: a newer run from disk may end before the tail, never skip.
  const run = older ? found : found.filter((row) => row.seq <= log.head)
  const first = run[0]
  // Another tab, further on, may have stored states that this log cannot vouch for.
  if (run.some((row) => row.rev > log.head)) return again(turn, c, load)
  if (!first || !isDense(older ? [...run, edge] : [edge, ...run], log.hidden)) return again(turn, c, load)
  const start = first.index === cover.first && cover.from >= 0 ? cover.from : first.seq - 1
  place(turn, c, load, older ? windowOf(run, start, load.seq - 1) : windowOf(run, load.seq, (run.at(-1) ?? first).seq))
}

function reachesTail({ view, tail }: Log): boolean {
  return view !== null && view.to >= tail.from
}

function again(turn: Turn, c: Draft, load: HistoryLoad): void {
  if (load.tries >= bounds.pageTries) return endLoad(turn, c, 'rejected')
  c.log.load = null
  begin(turn, c, { ...load, tries: load.tries + 1 })
}

/** A page from the network: refused where it is older than the head held, or has a hole (R2, R6). */
export function page(turn: Turn, frame: Page): void {
  const c = draftOf(turn, frame.conversation)
  const load = c?.log.load
  if (load?.source !== 'network' || load.id !== frame.request) return
  const { log } = c as Draft
  // Before `open` is answered on this link the page may be of another line than what is held (a restored backup).
  if (!isLive(turn, log) || frame.epoch !== log.epoch || frame.asOf < log.head) return again(turn, c as Draft, load)
  const rows = frame.rows.filter((row) => row.seq <= log.head)
  log.load = { ...load, run: windowOf(rows, frame.from, Math.min(frame.to, log.head)) }
}

/** A state from above the head may be of a line that ends before the log comes there (a restored backup): its page waits. */
export function admitPage(turn: Turn, c: Draft): void {
  const { log } = c
  const { load } = log
  if (!load?.run) return
  const { rows } = load.run
  if (!isDense(rows, log.hidden) || !continues(log, load, load.run)) return again(turn, c, load)
  const rev = Math.max(...rows.map((row) => row.rev))
  if (rev > log.head) heard(c, rev)
  else place(turn, c, load, load.run)
}

function continues(log: Log, { way, seq }: HistoryLoad, run: Window): boolean {
  const { rows, from, to } = run
  if (from > to || !rows.every((row) => covers(run, row.seq))) return false
  if (way === 'around') return covers(run, seq)
  if (way === 'newer') return from <= seq && to > seq
  const first = shown(log).rows[0]
  return to >= seq - 1 && (!first || isDense([...rows.filter((row) => row.seq < first.seq), first], log.hidden))
}

/** The run takes its place; the window slides, the tail always stays. */
function place(turn: Turn, c: Draft, load: HistoryLoad, run: Window): void {
  if (!load.kept) return again(turn, c, load)
  const { log } = c
  const { view } = log
  const older = load.way === 'older'
  const fresh = windowOf(replayed(run.rows, load.kept), run.from, run.to)
  // A page around a place stands alone; any other continues what is shown.
  const whole = older ? joined(fresh, shown(log)) : load.way === 'newer' && view ? joined(view, fresh) : fresh
  // Scrolled back beyond the cap, the shown run leaves the tail, which stays as it was.
  if (older && (view || whole.rows.length > bounds.windowRows)) log.view = trimNewest(whole)
  else withNewer(c, whole)
  if (older) cover(c, fresh)
  confirm(turn, c, fresh.rows)
  settleHeld(turn, c)
  endLoad(turn, c)
}

/** A run that reaches the tail becomes one with it. */
function withNewer({ log, cache }: Draft, run: Window): void {
  const meets = run.to >= log.tail.from
  log.view = meets ? null : trimOldest(run, never)
  if (meets) log.tail = trimOldest(joined(run, log.tail), neededFrom(cache))
}

/** The disk may take the older rows too, where they continue what it has. */
function cover({ cache, log }: Draft, run: Window): void {
  const first = run.rows[0]
  const seam = (cache.cover?.first ?? 0) - 1
  if (!first || !run.rows.some(({ index }) => index === seam)) return
  const held = shown(log).rows
  const pages = [...cache.pages]
  for (let page = pageOf(first.index); page <= pageOf(seam); page++) {
    const rows = held.filter((row) => pageOf(row.index) === page)
    const known = rows.at(-1)?.index ?? -1
    if (known < Math.min((page + 1) * bounds.pageRows - 1, cache.last)) return
    pages.push({ page, rows })
  }
  cache.dirty = true
  cache.cover = { first: first.index, from: run.from }
  cache.pages = pages
}

/** Whatever waits for the load under way waits no longer. */
export function endLoad(turn: Turn, { log }: Draft, code?: Failed): void {
  if (log.load) answer(turn, log.load.calls, code)
  log.load = null
}

export function loadDeadline(turn: Turn, c: Draft): void {
  const { load } = c.log
  if (!load || turn.nowMs < load.deadlineMs) return
  if (load.source === 'disk') again(turn, c, load)
  else endLoad(turn, c, 'offline')
}

type Failed = Extract<Effect, { kind: 'answer' }>['code']

/** Ends calls of the application; without a code they went well. */
function answer(turn: Turn, calls: readonly number[], code?: Failed): void {
  for (const call of calls) turn.effects.push({ kind: 'answer', call, code })
}
