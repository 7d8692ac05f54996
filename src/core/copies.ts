/**
 * Copies of the records on the path of every live message, written out field by field: a spread with overrides costs
 * twenty times more, and a field forgotten here does not compile. A copy may be changed until the turn ends.
 */
import type { CacheState } from './cache/cache-state.js'
import type { DiskState } from './cache/disk-state.js'
import type { InboxState } from './inbox/inbox-state.js'
import type { ChatState, ConversationState, Log, Receipts } from './state.js'

export type Mutable<T> = { -readonly [K in keyof T]: T[K] }

export function copyState(s: ChatState): Mutable<ChatState> {
  return {
    config: s.config,
    session: s.session,
    conversations: s.conversations,
    slots: s.slots,
    outbox: s.outbox,
    inbox: s.inbox,
    people: s.people,
    disk: s.disk,
    storage: s.storage,
    visible: s.visible,
    counter: s.counter,
    wakeAtMs: s.wakeAtMs,
  }
}

export function copyConversation(c: ConversationState): Mutable<ConversationState> {
  return {
    id: c.id,
    log: c.log,
    entries: c.entries,
    receipts: c.receipts,
    ephemeral: c.ephemeral,
    cache: c.cache,
    watchers: c.watchers,
    usedAt: c.usedAt,
    wakeAtMs: c.wakeAtMs,
  }
}

export function copyLog(l: Log): Mutable<Log> {
  return {
    state: l.state,
    epoch: l.epoch,
    head: l.head,
    tag: l.tag,
    heard: l.heard,
    floor: l.floor,
    hidden: l.hidden,
    tail: l.tail,
    view: l.view,
    beyond: l.beyond,
    liveOn: l.liveOn,
    catchUp: l.catchUp,
    retryAtMs: l.retryAtMs,
    doubts: l.doubts,
    load: l.load,
    profile: l.profile,
    members: l.members,
    memberCount: l.memberCount,
  }
}

export function copyReceipts(r: Receipts): Mutable<Receipts> {
  return {
    marks: r.marks,
    pending: r.pending,
    toldOn: r.toldOn,
    toldRead: r.toldRead,
    toldDelivered: r.toldDelivered,
    storedTo: r.storedTo,
    unread: r.unread,
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
  }
}

export function copyInbox(i: InboxState): Mutable<InboxState> {
  return {
    state: i.state,
    book: i.book,
    cursor: i.cursor,
    request: i.request,
    deadlineMs: i.deadlineMs,
    retryAtMs: i.retryAtMs,
    unnamed: i.unnamed,
    stored: i.stored,
    storeAtMs: i.storeAtMs,
  }
}

export function copyDisk(d: DiskState): DiskState {
  return {
    phase: d.phase,
    generation: d.generation,
    ask: d.ask,
    rows: d.rows,
    adopted: d.adopted,
    waiting: d.waiting,
    flight: d.flight,
    notBeforeMs: d.notBeforeMs,
    failures: d.failures,
    cacheFlight: d.cacheFlight,
    cacheNotBeforeMs: d.cacheNotBeforeMs,
    usage: d.usage,
    storedUsage: d.storedUsage,
  }
}

/**
 * The same conversation with every record that is new since `was` in the one shape of its copy. Spreads give objects of
 * equal fields many hidden classes, and each new one throws away the compiled code of every message's path.
 */
export function evened(now: ConversationState, was: ConversationState | undefined): ConversationState {
  const next = copyConversation(now)
  if (now.log !== was?.log) next.log = copyLog(now.log)
  if (now.receipts !== was?.receipts) next.receipts = copyReceipts(now.receipts)
  if (now.cache !== was?.cache) next.cache = copyCache(now.cache)
  return next
}
