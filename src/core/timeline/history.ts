/**
 * Older and newer pages, and jumps (R6, R19): from memory, else from disk, else from the network. One load per
 * conversation at a time; changes to messages not held that come meanwhile are replayed by `rev`.
 */
import type { Row } from '../../ports/storage.js'
import type { HistoryAnchor, MessageRow, Page } from '../../protocol/frames.js'
import { foldPages } from '../cache/restore.js'
import { settleHeld } from '../outbox/settle.js'
import { learnPeople } from '../people.js'
import type { ConversationState, HistoryLoad, Log, Window } from '../state.js'
import { bounds, never, timing } from '../timing.js'
import { conversationOf, nextNumber, onlineLink, put, say, type Turn } from '../turn.js'
import { isLive } from './live.js'
import { isDense, joined, keepNewest, pageOf, revised, trimNewest, trimOldest, windowOf } from './window.js'

/** The run that is shown. */
export function shown(log: Log): Window {
  return log.view ?? log.tail
}

export function loadMore(turn: Turn, conversation: ConversationState, call: number, way: 'older' | 'newer', limit: number): void {
  const { log } = conversation
  if (log.load) return join(turn, conversation, log.load, call)
  const window = shown(log)
  const nothing = way === 'older' ? window.from <= log.floor || log.epoch === '' : log.view === null
  if (nothing) return answer(turn, [call])
  if (way === 'newer' && reachesTail(log)) {
    put(turn, { ...conversation, log: withNewer(conversation, window) })
    return answer(turn, [call])
  }
  const seq = way === 'older' ? window.from + 1 : window.to
  begin(turn, conversation, { way, seq, limit: Math.max(1, Math.min(limit, 100)), calls: [call], tries: 0 })
}

export function jump(turn: Turn, conversation: ConversationState, call: number, seq: number): void {
  const { log } = conversation
  if (seq <= log.floor || seq > Math.max(log.head, log.heard)) return answer(turn, [call], 'not-found')
  if (log.load) return join(turn, conversation, log.load, call)
  if (log.view && seq > log.view.from && seq <= log.view.to) return answer(turn, [call])
  if (seq > log.tail.from && seq <= log.tail.to) {
    put(turn, { ...conversation, log: { ...log, view: null } })
    return answer(turn, [call])
  }
  begin(turn, conversation, { way: 'around', seq, limit: bounds.pageRows, calls: [call], tries: 0 })
}

export function jumpLatest(turn: Turn, conversation: ConversationState): void {
  const { log } = conversation
  if (log.view) put(turn, { ...conversation, log: { ...log, view: null } })
}

type Wanted = Pick<HistoryLoad, 'way' | 'seq' | 'limit' | 'calls' | 'tries'>

function begin(turn: Turn, conversation: ConversationState, wanted: Wanted): void {
  const pages = wanted.tries === 0 ? onDisk(conversation, wanted) : null
  const id = nextNumber(turn)
  const deadlineMs = turn.env.nowMs + timing.requestMs
  if (pages) {
    put(turn, withLoad(conversation, { ...wanted, source: 'disk', id, deadlineMs, kept: unwritten(conversation) }))
    turn.effects.push({ kind: 'load', ask: id, ranges: [{ prefix: ['m', conversation.id], from: [pages.from], to: [pages.to] }] })
    return
  }
  const { session } = turn.state
  const isGone = conversation.log.state === 'gone'
  if (isGone || onlineLink(turn) === 0 || session.phase !== 'online') {
    put(turn, withLoad(conversation, null))
    return answer(turn, wanted.calls, isGone ? 'conversation-gone' : 'offline')
  }
  const anchor: HistoryAnchor =
    wanted.way === 'older' ? { before: wanted.seq } : wanted.way === 'newer' ? { after: wanted.seq } : { around: wanted.seq }
  const { log } = conversation
  const limit = Math.min(session.limits.pageRows, wanted.way === 'older' ? aligned(log, wanted.limit) : wanted.limit)
  put(turn, withLoad(conversation, { ...wanted, source: 'network', id, deadlineMs, kept: [] }))
  const atLeast = wanted.tries > 0 ? { atLeast: log.head } : {}
  say(turn, { type: 'history', request: id, conversation: conversation.id, epoch: log.epoch, anchor, limit, ...atLeast })
}

/** Changes that may not be in the pages that are read now. */
function unwritten({ cache }: ConversationState): readonly MessageRow[] {
  return [...(cache.flight?.patches ?? []), ...cache.patches]
}

/** So many rows that the page ends at a page boundary of the cache. */
function aligned(log: Log, limit: number): number {
  const first = shown(log).rows[0]?.index ?? 0
  return limit + ((((first - limit) % bounds.pageRows) + bounds.pageRows) % bounds.pageRows)
}

/** The stored pages that hold what is asked for; null where the disk does not reach. */
function onDisk({ log, cache }: ConversationState, { way, limit }: Wanted): { from: number; to: number } | null {
  const { cover } = cache
  const rows = shown(log).rows
  const edge = way === 'older' ? rows[0] : rows[rows.length - 1]
  if (!cover || cache.restart || way === 'around' || !edge) return null
  const older = way === 'older'
  if (older ? edge.index <= cover.first : edge.index < cover.first) return null
  if (older) return { from: pageOf(Math.max(cover.first, edge.index - limit)), to: pageOf(edge.index - 1) }
  return { from: pageOf(edge.index + 1), to: pageOf(edge.index + limit) }
}

function withLoad(conversation: ConversationState, load: HistoryLoad | null): ConversationState {
  return { ...conversation, log: { ...conversation.log, load } }
}

function join(turn: Turn, conversation: ConversationState, load: HistoryLoad, call: number): void {
  put(turn, withLoad(conversation, { ...load, calls: [...load.calls, call] }))
}

/** Pages from disk. What does not continue the window is not believed: the network is asked. */
export function diskPage(turn: Turn, conversation: ConversationState, load: HistoryLoad, rows: readonly Row[]): void {
  const { log, cache } = conversation
  const held = shown(log).rows
  const edge = load.way === 'older' ? held[0] : held[held.length - 1]
  if (!edge || !cache.cover) return again(turn, conversation, load)
  const found =
    load.way === 'older' ? foldPages(rows, cache.cover.first, edge.index - 1) : foldPages(rows, edge.index + 1, Number.MAX_SAFE_INTEGER)
  // The newest rows may be in memory only: a newer run from disk may end before the tail, never skip.
  const run = load.way === 'older' ? found : found.filter((row) => row.seq <= log.head)
  const whole = load.way === 'older' ? [...run, edge] : [edge, ...run]
  const tailNext = load.way === 'newer' && run.length === 0 && reachesTail(log)
  if ((run.length === 0 && !tailNext) || !isDense(whole, log.hidden)) return again(turn, conversation, load)
  const first = run[0] as MessageRow
  const last = run[run.length - 1]
  const from =
    load.way === 'older' ? (first.index === cache.cover.first && cache.cover.from >= 0 ? cache.cover.from : first.seq - 1) : load.seq
  const to = load.way === 'older' ? load.seq - 1 : (last?.seq ?? load.seq)
  place(turn, conversation, load, windowOf(run, from, to), false)
}

function reachesTail(log: Log): boolean {
  return log.view !== null && log.view.to >= log.tail.from
}

function again(turn: Turn, conversation: ConversationState, load: HistoryLoad): void {
  if (load.tries >= bounds.pageTries) {
    put(turn, withLoad(conversation, null))
    return answer(turn, load.calls, 'rejected')
  }
  begin(turn, withLoad(conversation, null), { ...load, tries: load.tries + 1 })
}

/** A page from the network: refused where it is older than the head held, or has a hole (R2, R6). */
export function page(turn: Turn, frame: Page): void {
  const conversation = conversationOf(turn, frame.conversation)
  const load = conversation?.log.load
  if (!conversation || !load || load.source !== 'network' || load.id !== frame.request) return
  const { log } = conversation
  learnPeople(turn, frame.people)
  // Before `open` is answered on this link the page may be of another line than what is held (a restored backup).
  if (!isLive(turn, log) || frame.epoch !== log.epoch || frame.asOf < log.head) return again(turn, conversation, load)
  const rows = frame.rows.filter((row) => row.seq <= log.head)
  const window = windowOf(rows, frame.from, Math.min(frame.to, log.head))
  if (!isDense(rows, log.hidden) || !continues(log, load, window)) return again(turn, conversation, load)
  place(turn, conversation, load, window, true)
}

function continues(log: Log, load: HistoryLoad, window: Window): boolean {
  const inside = window.rows.every((row) => row.seq > window.from && row.seq <= window.to)
  if (!inside || window.from > window.to) return false
  if (load.way === 'around') return load.seq > window.from && load.seq <= window.to
  if (load.way === 'newer') return window.from <= load.seq && window.to > load.seq
  const first = shown(log).rows[0]
  return window.to >= load.seq - 1 && (!first || isDense([...window.rows.filter((row) => row.seq < first.seq), first], log.hidden))
}

/** The run takes its place; the window slides, the tail always stays. */
function place(turn: Turn, conversation: ConversationState, load: HistoryLoad, run: Window, fromNetwork: boolean): void {
  if (load.kept === null) return again(turn, conversation, load)
  const fresh = windowOf(replayed(run.rows, load.kept), run.from, run.to)
  const { log } = conversation
  const next = load.way === 'older' ? withOlder(log, joined(fresh, shown(log))) : withNewer(conversation, newerRun(log, load, fresh))
  const placed = withLoad({ ...conversation, log: next }, null)
  put(turn, fromNetwork && load.way === 'older' ? covered(placed, fresh) : placed)
  settleHeld(turn, conversation.id)
  answer(turn, load.calls)
}

/** A page around a place stands alone; a newer one continues what is shown. */
function newerRun({ view }: Log, { way }: HistoryLoad, fresh: Window): Window {
  return way === 'newer' && view ? joined(view, fresh) : fresh
}

function replayed(rows: readonly MessageRow[], kept: readonly MessageRow[]): readonly MessageRow[] {
  let next = rows
  for (const row of kept) next = revised(next, row) ?? next
  return next
}

/** Scrolled back beyond the cap, the shown run leaves the tail, which stays as it was. */
function withOlder(log: Log, run: Window): Log {
  if (run.rows.length <= bounds.windowRows) return log.view ? { ...log, view: run } : { ...log, tail: run }
  return { ...log, view: trimNewest(run) }
}

/** A run that reaches the tail becomes one with it. */
function withNewer({ log, cache }: ConversationState, run: Window): Log {
  if (run.to < log.tail.from) return { ...log, view: keepNewest(run) }
  return { ...log, view: null, tail: trimOldest(joined(run, log.tail), cache.dirtyFrom) }
}

/** The disk may take the older rows too, where they continue what it has. */
function covered(conversation: ConversationState, run: Window): ConversationState {
  const { cache, log } = conversation
  const first = run.rows[0]
  const { cover } = cache
  if (!first || !cover || cache.restart || cache.last < 0) return conversation
  const held = shown(log).rows
  const before = run.rows.filter((row) => row.index < cover.first)
  const seam = before[before.length - 1]
  if (!seam || seam.index + 1 !== cover.first) return conversation
  const pages: { page: number; rows: readonly MessageRow[] }[] = []
  for (let number = pageOf(first.index); number <= pageOf(seam.index); number++) {
    const rows = held.filter((row) => pageOf(row.index) === number)
    const known = rows[rows.length - 1]
    const needed = Math.min((number + 1) * bounds.pageRows - 1, cache.last)
    if (!known || known.index < needed) return conversation
    pages.push({ page: number, rows })
  }
  const next = { ...cache, dirty: true, cover: { first: first.index, from: run.from }, pages: [...cache.pages, ...pages] }
  return { ...conversation, cache: next }
}

export function failedLoad(turn: Turn, request: number, code: string): boolean {
  const conversation = turn.state.conversations.find((each) => each.log.load?.source === 'network' && each.log.load.id === request)
  if (!conversation?.log.load) return false
  const { calls } = conversation.log.load
  put(turn, withLoad(conversation, null))
  answer(turn, calls, code === 'not-found' ? 'not-found' : 'rejected')
  return true
}

/** A network load dies with its link or its deadline. */
export function abandonLoad(turn: Turn, conversation: ConversationState): void {
  const { load } = conversation.log
  if (load?.source !== 'network') return
  put(turn, withLoad(conversation, null))
  answer(turn, load.calls, 'offline')
}

export function loadDeadline(turn: Turn, conversation: ConversationState): void {
  const { load } = conversation.log
  if (load && turn.env.nowMs >= load.deadlineMs) {
    if (load.source === 'disk') again(turn, conversation, load)
    else abandonLoad(turn, conversation)
  }
}

export function loadWakeAt({ log }: ConversationState): number {
  return log.load?.deadlineMs ?? never
}

function answer(turn: Turn, calls: readonly number[], code?: 'offline' | 'not-found' | 'conversation-gone' | 'rejected'): void {
  for (const call of calls) turn.effects.push({ kind: 'answer', call, ...(code ? { code } : {}) })
}
