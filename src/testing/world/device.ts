/** One browser of one user: a disk that crashes, and the tabs that share it and its locks. */
import type { Chat, Conversation } from '../../client/api.js'
import { composeChat } from '../../client/create-chat.js'
import type { Lanes } from '../../client/lanes.js'
import type { ChatState, Faults } from '../../core/state.js'
import type { Clock } from '../../ports/clock.js'
import type { StorageFactory } from '../../ports/storage.js'
import { type CrashingStorage, crashingStorage } from '../crashing-storage.js'
import type { Chance } from './chance.js'
import type { Journal } from './journal.js'
import { type Network, network } from './network.js'
import type { Plan } from './plan.js'
import type { WorldServer } from './server.js'
import type { Time } from './time.js'

export type Content = { readonly text: string }

export interface Tab {
  readonly name: string
  readonly user: string
  readonly device: Device
  readonly chat: Chat<Content>
  readonly network: Network
  readonly state: () => ChatState
  /** Subscriptions of timelines, by room. */
  readonly views: Map<string, () => void>
  /** Sent here and not yet seen in the log, by local id: the room. */
  readonly unsettled: Map<string, string>
  isAlive(): boolean
}

export interface Device {
  readonly user: string
  readonly disk: CrashingStorage
  readonly tabs: readonly Tab[]
  /** Reported `durable`, by local id: the room. */
  readonly promised: Map<string, string>
  /** No longer promised: settled for good. */
  readonly released: Set<string>
  /** The user has logged out, and nobody has come since. */
  isWiped(): boolean
  /** A logout is under way: rows may leave the disk now. */
  isLeaving(): boolean
  /** Begins a logout; the end says whether the disk was wiped. */
  leaving(): (wiped: boolean) => void
  /** Commits that have been worked on: the disk is looked at when it rises. */
  readonly commits: () => number
  openTab(): Tab
  /** The tab's process dies; what it had handed to the disk still lands. */
  killTab(tab: Tab): void
  /** The tab goes in peace. */
  closeTab(tab: Tab): void
  /** Every tab dies, and the disk keeps only what it must, or a little more. */
  killBrowser(): void
  talk(tab: Tab, room: string): Conversation<Content>
}

export interface DeviceParts {
  readonly time: Time
  readonly chance: Chance
  readonly journal: Journal
  readonly plan: Plan
  readonly stormy: () => boolean
  readonly server: WorldServer
  readonly user: string
  readonly faults: Faults | undefined
  readonly opened: (tab: Tab) => void
}

const never = new Promise<never>(() => {})

export function device(parts: DeviceParts): Device {
  const { time, chance, journal, plan, user } = parts
  const disk = crashingStorage(chance.roll, {
    schedule: (step) =>
      time.later(plan.diskMs === 0 ? 0 : chance.int(0, plan.diskMs), () => {
        time.beat()
        step()
      }),
  })
  const held = new Map<string, Tab>()
  const tabs: Tab[] = []
  const alive = new WeakSet<Tab>()
  let commits = 0
  let opened = 0
  let wiped = false
  let leaving = 0

  const bury = (tab: Tab) => {
    alive.delete(tab)
    tabs.splice(tabs.indexOf(tab), 1)
    tab.network.kill()
    for (const [lane, owner] of held) if (owner === tab) held.delete(lane)
  }

  const made: Device = {
    user,
    disk,
    tabs,
    promised: new Map(),
    released: new Set(),
    isWiped: () => wiped,
    isLeaving: () => leaving > 0,
    leaving() {
      leaving += 1
      return (done) => {
        leaving -= 1
        if (!done) return
        wiped = tabs.length <= 1
        for (const localId of made.promised.keys()) made.released.add(localId)
        made.promised.clear()
      }
    },
    commits: () => commits,
    openTab() {
      const name = `${user}${++opened}`
      wiped = false
      const isAlive = () => alive.has(tab)
      const mine = network({ ...parts, name })
      let state: (() => ChatState) | undefined
      const chat = composeChat<Content>(
        {
          user,
          transport: mine.transport,
          clock: mortalClock(time, isAlive),
          storage: mortalStorage(disk.factory, isAlive, () => {
            time.beat()
            commits += 1
          }),
          lanes: locksFor(held, () => tab, journal),
          inspect: (look) => {
            state = look
          },
        },
        parts.faults,
      )
      const tab: Tab = {
        name,
        user,
        device: made,
        chat,
        network: mine,
        state: state as unknown as () => ChatState,
        views: new Map(),
        unsettled: new Map(),
        isAlive,
      }
      alive.add(tab)
      tabs.push(tab)
      if (tabs.length > 1) journal.fired('two tabs on one disk')
      parts.opened(tab)
      return tab
    },
    killTab: bury,
    closeTab(tab) {
      for (const off of tab.views.values()) off()
      void tab.chat.close().then(() => {
        time.beat()
        if (alive.has(tab)) bury(tab)
      })
    },
    killBrowser() {
      for (const tab of [...tabs]) bury(tab)
      const { lost, landed } = { ...disk.counts }
      disk.crash()
      commits += 1
      journal.fired('disk lost resolved commits', disk.counts.lost - lost)
      journal.fired('disk landed a commit in a crash', disk.counts.landed - landed)
    },
    talk: (tab, room) => tab.chat.conversation(room),
  }
  return made
}

/** What a tab has just said to be durable counts as promised. */
export function noteDurable({ chat, device }: Tab): boolean {
  const { promised, released } = device
  const before = promised.size
  for (const { conversation, durable, localId } of chat.outbox.get()) {
    if (durable && !released.has(localId)) promised.set(localId, conversation)
  }
  return promised.size > before
}

function mortalClock({ clock, beat }: Time, isAlive: () => boolean): Clock {
  return {
    now: clock.now,
    wall: clock.wall,
    roll: clock.roll,
    timer: (atMs, run) =>
      clock.timer(atMs, () => {
        if (!isAlive()) return
        beat()
        run()
      }),
  }
}

/** Nothing reaches a dead tab; what it asked for happens all the same. */
function mortalStorage(factory: StorageFactory, isAlive: () => boolean, committed: () => void): StorageFactory {
  return (scope, to) => {
    const storage = factory(scope, {
      state: (state) => {
        if (isAlive()) to.state(state)
      },
    })
    const living = <T>(result: Promise<T>): Promise<T> =>
      result.then(
        (value) => (isAlive() ? value : never),
        (error: unknown) => {
          if (!isAlive()) return never
          throw error
        },
      )
    const count = () => committed()
    return {
      read: (range) => living(storage.read(range)),
      commit(writes, options) {
        const done = storage.commit(writes, options)
        done.then(count, count)
        return living(done)
      },
      close: () => storage.close(),
    }
  }
}

/** Web Locks of one browser: a lane is free when no living tab holds it. */
function locksFor(held: Map<string, Tab>, tab: () => Tab, journal: Journal): Lanes {
  return {
    async claim(lane) {
      const owner = held.get(lane)
      if (owner && owner !== tab()) return false
      held.set(lane, tab())
      if (lane !== tab().state().config.lane) journal.fired('lane adopted')
      return true
    },
    release() {
      for (const [lane, owner] of held) if (owner === tab()) held.delete(lane)
    },
  }
}
