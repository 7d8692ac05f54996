/** One browser of one user: a disk that crashes, and the tabs that share it and its locks. */
import type { Chat, Conversation } from '../../client/api.js'
import { composeChat } from '../../client/create-chat.js'
import type { ChatState } from '../../core/state.js'
import { type CrashingStorage, crashingStorage } from '../crashing-storage.js'
import type { Chance } from './chance.js'
import type { Journal } from './journal.js'
import { type Locks, letGo, locksOf, mortalClock, mortalStorage } from './mortal.js'
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

/** What the disk of one browser has promised to keep. */
export interface Promises {
  /** Reported `durable`, by local id: the room. */
  readonly promised: Map<string, string>
  /** No longer promised: settled for good. */
  readonly released: Set<string>
  /** The user has logged out, and nobody has come since. */
  isWiped(): boolean
  /** A logout is under way: rows may leave the disk now. */
  isLeaving(): boolean
  /** Begins a logout; its end says whether the disk was wiped, with nobody left on it. */
  leaving(): (wiped: boolean, alone: boolean) => void
  /** Somebody uses the disk again. */
  returned(): void
}

export interface Device extends Promises {
  readonly user: string
  readonly disk: CrashingStorage
  readonly tabs: readonly Tab[]
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
  readonly opened: (tab: Tab) => void
}

interface Browser {
  readonly parts: DeviceParts
  readonly disk: CrashingStorage
  readonly tabs: Tab[]
  readonly living: Set<Tab>
  readonly locks: Locks<Tab>
  commits: number
  opened: number
}

export function device(parts: DeviceParts): Device {
  const { user, journal } = parts
  const disk = crashingStorage(parts.chance.roll, { schedule: (step) => work(parts, step) })
  const browser: Browser = { parts, disk, tabs: [], living: new Set(), locks: { held: new Map(), waiting: [] }, commits: 0, opened: 0 }
  const { tabs, living } = browser
  const made: Device = {
    ...promises(),
    user,
    disk,
    tabs,
    commits: () => browser.commits,
    openTab() {
      made.returned()
      const tab = openTab(browser, made)
      living.add(tab)
      tabs.push(tab)
      if (tabs.length > 1) journal.fired('two tabs on one disk')
      parts.opened(tab)
      return tab
    },
    killTab: (tab) => bury(browser, tab),
    closeTab(tab) {
      for (const off of tab.views.values()) off()
      void tab.chat.close().then(() => {
        parts.time.beat()
        if (living.has(tab)) bury(browser, tab)
      })
    },
    killBrowser() {
      for (const tab of [...tabs]) bury(browser, tab)
      const before = { ...disk.counts }
      disk.crash()
      browser.commits += 1
      journal.fired('disk lost resolved commits', disk.counts.lost - before.lost)
      journal.fired('disk landed a commit in a crash', disk.counts.landed - before.landed)
    },
    talk: (tab, room) => tab.chat.conversation(room),
  }
  return made
}

/** One step of the disk's work, after a while. */
function work({ time, chance, plan }: DeviceParts, step: () => void): void {
  time.later(plan.diskMs === 0 ? 0 : chance.int(0, plan.diskMs), () => {
    time.beat()
    step()
  })
}

function bury({ tabs, living, locks }: Browser, tab: Tab): void {
  living.delete(tab)
  tabs.splice(tabs.indexOf(tab), 1)
  tab.network.kill()
  letGo(locks, tab)
}

function openTab(browser: Browser, made: Device): Tab {
  const { parts, disk, living, locks } = browser
  const { user, time, journal } = parts
  browser.opened += 1
  const name = `${user}${browser.opened}`
  const isAlive = () => living.has(tab)
  const mine = network({ ...parts, name })
  const committed = () => {
    time.beat()
    browser.commits += 1
  }
  const adopted = (lane: string) => {
    if (lane !== tab.state().config.lane) journal.fired('lane adopted')
  }
  let state: () => ChatState = () => {
    throw new Error('A state was asked for before there was one.')
  }
  const chat = composeChat<Content>({
    user,
    transport: mine.transport,
    clock: mortalClock(time, isAlive),
    storage: mortalStorage(disk.factory, isAlive, committed),
    lanes: locksOf(locks, () => tab, adopted),
    inspect(look) {
      state = look
    },
  })
  const tab: Tab = { name, user, device: made, chat, network: mine, state, views: new Map(), unsettled: new Map(), isAlive }
  return tab
}

function promises(): Promises {
  const promised = new Map<string, string>()
  const released = new Set<string>()
  let wiped = false
  let leaving = 0
  return {
    promised,
    released,
    isWiped: () => wiped,
    isLeaving: () => leaving > 0,
    leaving() {
      leaving += 1
      return (done, alone) => {
        leaving -= 1
        if (!done) return
        wiped = alone
        for (const localId of promised.keys()) released.add(localId)
        promised.clear()
      }
    },
    returned() {
      wiped = false
    },
  }
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
