/** A browser of tabs that share locks and channels: a tab can sleep, wake and die. */
import type { Clock } from '../../ports/clock.js'
import type { Channel, LockEvents, Tabs } from '../../transports/shared/index.js'

export interface FakeTab {
  readonly tabs: Tabs
  /** Stands still while the tab sleeps: what fell due runs when it wakes. */
  readonly clock: Clock
  /** All stands still, as by a stopped process. */
  freeze(): void
  /** Timers stand still, but other tabs are heard and answered: a frozen page of Chromium, which is told `before` it, or is not. */
  doze(before: 'told' | 'untold'): void
  thaw(): void
  /** Without a word: its locks are free, its channels gone. */
  kill(): void
}

export interface FakeBrowser {
  /** What it asks of locks is `lockMs` on its way. Default 0. */
  tab(lockMs?: number): FakeTab
  /** How often a lock was taken by force. */
  readonly steals: { count: number }
  /** Locks that are held or waited for. */
  locks(): number
  /** The next message is lost; tells when it is. */
  loseNext(lost: () => void): void
}

interface Claim {
  readonly name: string
  readonly to: LockEvents
  readonly run: (task: () => void) => void
}

/** A message is this long on its way. */
const hopMs = 1

/** What all tabs of one browser share. */
interface Common {
  readonly stolen: Stolen
  readonly clock: Clock
  readonly queues: Map<string, Claim[]>
  readonly listeners: Map<string, Set<Listener>>
  readonly steals: { count: number }
  losing: (() => void) | undefined
}

type Listener = (message: unknown) => void

/** Hears of each lock that is taken by force from who had it, and by which tab. */
type Stolen = (lock: string, by: object) => void

export function fakeBrowser(clock: Clock, stolen: Stolen = () => {}): FakeBrowser {
  const common: Common = { stolen, clock, queues: new Map(), listeners: new Map(), steals: { count: 0 }, losing: undefined }
  return {
    tab: (lockMs = 0) => tabOf(common, lockMs),
    steals: common.steals,
    locks: () => [...common.queues.values()].flat().length,
    loseNext(lost) {
      common.losing = lost
    },
  }
}

function drop({ queues }: Common, claim: Claim): void {
  const { name } = claim
  const queue = queues.get(name) ?? []
  const place = queue.indexOf(claim)
  if (place < 0) return
  queue.splice(place, 1)
  if (queue.length === 0) queues.delete(name)
  else if (place === 0) grant(queues, queue[0] as Claim)
}

function ask({ queues, steals, stolen }: Common, claim: Claim, byForce: boolean): void {
  const queue = queues.get(claim.name) ?? []
  queues.set(claim.name, queue)
  const holder = byForce ? queue.shift() : undefined
  if (byForce) queue.unshift(claim)
  else queue.push(claim)
  if (holder) {
    steals.count += 1
    stolen(claim.name, claim.run)
    holder.run(() => holder.to.lost?.())
  }
  if (queue[0] === claim) grant(queues, claim)
}

function grant(queues: Common['queues'], claim: Claim): void {
  claim.run(() => queues.get(claim.name)?.[0] === claim && claim.to.held())
}

/** What a tab does of its own: whether it runs, what waits for it, what ends with it. */
interface Own {
  state: 'awake' | 'dozing' | 'asleep' | 'dead'
  backlog: (() => void)[]
  readonly warned: Set<() => void>
  readonly ends: Set<() => void>
  later(task: () => void, ms?: number): void
}

function tabOf(common: Common, lockMs: number): FakeTab {
  const { clock } = common
  const run = (task: () => void) => {
    if (own.state === 'asleep') own.backlog.push(task)
    else if (own.state !== 'dead') task()
  }
  const beat = (task: () => void) => {
    if (own.state === 'dozing') own.backlog.push(task)
    else run(task)
  }
  const own: Own = {
    state: 'awake',
    backlog: [],
    warned: new Set(),
    ends: new Set(),
    later: (task, ms = hopMs) => void clock.timer(clock.now() + ms, () => run(task)),
  }
  return {
    tabs: tabsOf(common, own, lockMs),
    clock: { ...clock, timer: (atMs, task) => clock.timer(atMs, () => beat(task)) },
    freeze() {
      if (own.state !== 'dead') own.state = 'asleep'
    },
    doze(before) {
      if (before === 'told') for (const each of own.warned) each()
      own.state = 'dozing'
    },
    thaw() {
      if (own.state !== 'dead') own.state = 'awake'
      for (const task of own.backlog.splice(0)) task()
    },
    kill() {
      own.state = 'dead'
      own.backlog = []
      for (const end of own.ends) end()
    },
  }
}

function tabsOf(common: Common, own: Own, lockMs: number): Tabs {
  return {
    lock(name, to, byForce = false) {
      if (own.state === 'dead') return () => {}
      const claim: Claim = { name, to, run: own.later }
      let isOver = false
      if (lockMs > 0) own.later(() => isOver || ask(common, claim, byForce), lockMs)
      else ask(common, claim, byForce)
      const end = () => {
        isOver = true
        drop(common, claim)
      }
      own.ends.add(end)
      return end
    },
    channel: (name, hear) => channelOf(common, own, name, hear),
    freezing(run) {
      own.warned.add(run)
      return () => own.warned.delete(run)
    },
  }
}

function channelOf(common: Common, own: Own, name: string, hear: (message: unknown) => void): Channel {
  const all = common.listeners.get(name) ?? new Set()
  common.listeners.set(name, all)
  let isOpen = true
  const listener: Listener = (message) => own.later(() => isOpen && hear(message))
  const close = () => {
    isOpen = false
    all.delete(listener)
  }
  all.add(listener)
  own.ends.add(close)
  return {
    post(message) {
      if (own.state !== 'awake' && own.state !== 'dozing') return
      const { losing } = common
      common.losing = undefined
      if (losing) return losing()
      for (const each of [...all]) if (each !== listener) each(structuredClone(message))
    },
    close,
  }
}
