/** A browser of tabs that share locks and channels: a tab can sleep, wake and die. */
import type { Clock } from '../../ports/clock.js'
import type { LockEvents, Tabs } from '../../transports/shared/index.js'

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

export function fakeBrowser(clock: Clock): FakeBrowser {
  const queues = new Map<string, Claim[]>()
  const listeners = new Map<string, Set<(message: unknown, from: object) => void>>()
  const steals = { count: 0 }
  let losing: (() => void) | undefined

  function drop(claim: Claim) {
    const { name } = claim
    const queue = queues.get(name) ?? []
    const place = queue.indexOf(claim)
    if (place < 0) return
    queue.splice(place, 1)
    if (queue.length === 0) queues.delete(name)
    else if (place === 0) grant(queue[0] as Claim)
  }

  function ask(claim: Claim, byForce: boolean) {
    const queue = queues.get(claim.name) ?? []
    queues.set(claim.name, queue)
    const holder = byForce ? queue.shift() : undefined
    if (byForce) queue.unshift(claim)
    else queue.push(claim)
    if (holder) {
      steals.count += 1
      holder.run(() => holder.to.lost())
    }
    if (queue[0] === claim) grant(claim)
  }

  const grant = (claim: Claim) => claim.run(() => queues.get(claim.name)?.[0] === claim && claim.to.held())

  function tab(lockMs = 0): FakeTab {
    let state: 'awake' | 'dozing' | 'asleep' | 'dead' = 'awake'
    let backlog: (() => void)[] = []
    const run = (task: () => void) => {
      if (state === 'asleep') backlog.push(task)
      else if (state !== 'dead') task()
    }
    const beat = (task: () => void) => {
      if (state === 'dozing') backlog.push(task)
      else run(task)
    }
    const warned = new Set<() => void>()
    const later = (task: () => void, ms = hopMs) => void clock.timer(clock.now() + ms, () => run(task))
    const ends = new Set<() => void>()
    const tabs: Tabs = {
      lock(name, to, byForce = false) {
        if (state === 'dead') return () => {}
        const claim: Claim = { name, to, run: later }
        let isOver = false
        if (lockMs > 0) later(() => isOver || ask(claim, byForce), lockMs)
        else ask(claim, byForce)
        const end = () => {
          isOver = true
          drop(claim)
        }
        ends.add(end)
        return end
      },
      channel(name, hear) {
        const all = listeners.get(name) ?? new Set()
        listeners.set(name, all)
        let isOpen = true
        const listener = (message: unknown, from: object) => {
          if (from !== own) later(() => isOpen && hear(structuredClone(message)))
        }
        const own = listener
        const close = () => {
          isOpen = false
          all.delete(listener)
        }
        all.add(listener)
        ends.add(close)
        return {
          post(message) {
            if (state !== 'awake' && state !== 'dozing') return
            if (!losing) for (const each of [...all]) each(structuredClone(message), own)
            losing?.()
            losing = undefined
          },
          close,
        }
      },
      freezing(run) {
        warned.add(run)
        return () => warned.delete(run)
      },
    }
    return {
      tabs,
      clock: { ...clock, timer: (atMs, task) => clock.timer(atMs, () => beat(task)) },
      freeze() {
        state = 'asleep'
      },
      doze(before) {
        if (before === 'told') for (const each of warned) each()
        state = 'dozing'
      },
      thaw() {
        state = 'awake'
        for (const task of backlog.splice(0)) task()
      },
      kill() {
        state = 'dead'
        backlog = []
        for (const end of ends) end()
      },
    }
  }

  return {
    tab,
    steals,
    locks: () => [...queues.values()].flat().length,
    loseNext(lost) {
      losing = lost
    },
  }
}
