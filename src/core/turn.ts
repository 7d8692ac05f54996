/**
 * One step under way: the next state as it is built, and the effects it has asked for. It lives for one call of `step`; seen
 * from outside the step is pure. Whatever a turn touches is copied once and then changed in place until the turn ends
 * (R33). Copies are written out field by field: a spread costs many times more and gives equal records unequal shapes, and
 * a field forgotten here does not compile.
 */
import type { ClientFrame } from '../protocol/frames.js'
import type { CacheState } from './cache/cache-state.js'
import type { DiskState } from './cache/disk-state.js'
import type { Effect, Env, Report } from './event.js'
import type { InboxState } from './inbox/inbox-state.js'
import type { ChatState, ConversationState, Log, OutboxTotals, Receipts } from './state.js'

export type Mutable<T> = { -readonly [K in keyof T]: T[K] }

/** A conversation that this turn may change. */
export interface Draft extends Mutable<Omit<ConversationState, 'log' | 'receipts' | 'cache'>> {
  log: Mutable<Log>
  receipts: Mutable<Receipts>
  cache: Mutable<CacheState>
}

/** The state under change, what the step may know besides, and what it asks for. */
export interface Turn extends Mutable<Omit<ChatState, 'inbox' | 'disk' | 'outbox'>>, Env {
  readonly before: ChatState
  readonly inbox: Mutable<InboxState>
  readonly disk: Mutable<DiskState>
  readonly outbox: Mutable<OutboxTotals>
  readonly effects: Effect[]
  /** Frames for the present link, sent together at the end of the turn. */
  readonly frames: ClientFrame[]
  readonly touched: Draft[]
}

export function beginTurn(s: ChatState, { nowMs, wallMs, roll }: Env): Turn {
  const { inbox: i, disk: d, outbox: o } = s
  return {
    before: s,
    nowMs,
    wallMs,
    roll,
    effects: [],
    frames: [],
    touched: [],
    config: s.config,
    session: s.session,
    conversations: s.conversations,
    slots: s.slots,
    people: s.people,
    storage: s.storage,
    visible: s.visible,
    counter: s.counter,
    wakeAtMs: s.wakeAtMs,
    outbox: { entries: o.entries, bytes: o.bytes, nextN: o.nextN, settled: o.settled },
    inbox: {
      state: i.state,
      book: i.book,
      cursor: i.cursor,
      request: i.request,
      dueAtMs: i.dueAtMs,
      unnamed: i.unnamed,
      stored: i.stored,
      storeAtMs: i.storeAtMs,
    },
    disk: {
      phase: d.phase,
      generation: d.generation,
      ask: d.ask,
      adopted: d.adopted,
      freed: d.freed,
      waiting: d.waiting,
      flight: d.flight,
      notBeforeMs: d.notBeforeMs,
      failures: d.failures,
      cacheFlight: d.cacheFlight,
      cacheNotBeforeMs: d.cacheNotBeforeMs,
      cacheRetryAtMs: d.cacheRetryAtMs,
      usage: d.usage,
      storedUsage: d.storedUsage,
      flightUsage: d.flightUsage,
    },
  }
}

export function endTurn(t: Turn): ChatState {
  return {
    config: t.config,
    session: t.session,
    conversations: t.conversations,
    slots: t.slots,
    outbox: t.outbox,
    inbox: t.inbox,
    people: t.people,
    disk: t.disk,
    storage: t.storage,
    visible: t.visible,
    counter: t.counter,
    wakeAtMs: t.wakeAtMs,
  }
}

/** The conversation as this turn may change it, if it is in memory. The table is copied at most once per turn. */
export function draftOf(turn: Turn, id: string): Draft | undefined {
  const slot = turn.slots.get(id) ?? -1
  const present = turn.conversations[slot] as Draft | undefined
  if (!present || turn.touched.includes(present)) return present
  if (turn.conversations === turn.before.conversations) turn.conversations = turn.conversations.slice()
  const draft = copyOf(present)
  ;(turn.conversations as ConversationState[])[slot] = draft
  turn.touched.push(draft)
  return draft
}

/** All of them. */
export function drafts(turn: Turn): Draft[] {
  return turn.conversations.map(({ id }) => draftOf(turn, id) as Draft)
}

function copyOf({ id, log: l, ahead, entries, receipts: r, ephemeral, cache, watchers, usedAt, wakeAtMs }: ConversationState): Draft {
  return {
    id,
    log: {
      state: l.state,
      epoch: l.epoch,
      head: l.head,
      tag: l.tag,
      tags: l.tags,
      heard: l.heard,
      floor: l.floor,
      hidden: l.hidden,
      tail: l.tail,
      view: l.view,
      beyond: l.beyond,
      liveOn: l.liveOn,
      catchUp: l.catchUp,
      hinted: l.hinted,
      hintAtMs: l.hintAtMs,
      retryAtMs: l.retryAtMs,
      doubts: l.doubts,
      load: l.load,
      profile: l.profile,
      members: l.members,
      memberCount: l.memberCount,
    },
    ahead,
    entries,
    receipts: {
      marks: r.marks,
      marked: r.marked,
      pending: r.pending,
      told: r.told,
      toldRev: r.toldRev,
      storedTo: r.storedTo,
      unread: r.unread,
    },
    ephemeral,
    cache: copyCache(cache),
    watchers,
    usedAt,
    wakeAtMs,
  }
}

export function copyCache(c: CacheState): Mutable<CacheState> {
  return {
    version: c.version,
    head: c.head,
    last: c.last,
    cover: c.cover,
    dirty: c.dirty,
    dirtyFrom: c.dirtyFrom,
    pages: c.pages,
    patches: c.patches,
    restart: c.restart,
    wentBack: c.wentBack,
    drop: c.drop,
    removals: c.removals,
    flight: c.flight,
    rereading: c.rereading,
    isLeft: c.isLeft,
  }
}

/** A number not used before: for requests, asks, commits and uses. */
export function nextNumber(turn: Turn): number {
  return ++turn.counter
}

export function report(turn: Turn, what: Report): void {
  turn.effects.push({ kind: 'report', report: what })
}

export function warn(turn: Turn, text: string, fields: object): void {
  report(turn, { kind: 'warning', text, fields })
}

/** The link on which frames may go now; 0: none. */
export function onlineLink({ session }: Pick<ChatState, 'session'>): number {
  return session.phase === 'online' ? session.link : 0
}

/** Does whoever is at the other end of the link offer this? */
export function offers({ session }: Pick<ChatState, 'session'>, feature: string): boolean {
  return session.phase === 'online' && session.features.includes(feature)
}

/** The server's clock as far as it is known, for what is shown. */
export function shownTime({ session, wallMs }: Turn): number {
  return wallMs + (session.phase === 'online' ? session.skewMs : 0)
}
