/** One browser: a disk that crashes, and the tabs of one user that share it, its locks and its channels. */
import type { Chat, Conversation } from '../../client/api.js'
import { composeChat } from '../../client/create-chat.js'
import type { Lanes } from '../../client/lanes.js'
import type { ChatState } from '../../core/state.js'
import type { Row, StorageFactory } from '../../ports/storage.js'
import { type CrashingStorage, crashingStorage } from '../crashing-storage.js'
import { type FakeBrowser, type FakeTab, fakeBrowser } from './browser.js'
import type { Chance } from './chance.js'
import type { Journal } from './journal.js'
import { type Locks, letGo, locksOf, type Life, mortalClock, type MortalStorage, mortalStorage, newLife, noLocks } from './mortal.js'
import type { Network } from './network.js'
import { budget } from './oracle/caps.js'
import { type Channels, type Page, pageOf } from './page.js'
import type { DevicePlan, Plan } from './plan.js'
import { type Promises, promises } from './promises.js'
import type { WorldServer } from './server.js'
import type { Time } from './time.js'
import { type Ways, waysTo } from './ways.js'

export type Content = { readonly text: string }

export interface Tab {
  readonly name: string
  readonly user: string
  readonly device: Device
  readonly chat: Chat<Content>
  readonly life: Life
  readonly page: Page
  readonly networks: readonly Network[]
  readonly storage: MortalStorage
  readonly state: () => ChatState
  /** Subscriptions of timelines, by room. */
  readonly views: Map<string, () => void>
  /** Sent here and not yet seen in the log, by local id: the room. */
  readonly unsettled: Map<string, string>
  isAlive(): boolean
  /** Its user has logged out: nothing may leave any more. */
  mute(): void
}

export interface Device extends Promises {
  readonly plan: DevicePlan
  /** Who sits here; another may come after a logout. */
  user(): string
  handTo(user: string): void
  readonly disk: WorldDisk
  readonly tabs: readonly Tab[]
  /** Commits that have been worked on: the disk is looked at when it rises. */
  readonly commits: () => number
  /** Its rows have been touched by a fault. */
  noteSpoilt(): void
  /** Its cache may be given up: it is capped low, or a fault has touched it. */
  mayDrop(): boolean
  readonly isSpoilt: (row: Row) => boolean
  /** The wall clock of the device is off by so much more. */
  jump(ms: number): void
  openTab(): Tab
  /** The tab's process dies; what it had handed to the disk still lands. */
  killTab(tab: Tab): void
  /** The tab goes in peace. */
  closeTab(tab: Tab): void
  /** Every tab dies, and the disk keeps only what it must, or a little more; nothing where it is evicted. */
  killBrowser(isEvicted: boolean): void
  talk(tab: Tab, room: string): Conversation<Content>
  /** All stands still in the tab until it thaws; other tabs that share its link may have been `told`. */
  freezeTab(tab: Tab, told: boolean): void
  thawTab(tab: Tab): void
  /** The next message between its tabs is lost. */
  loseMessage(): void
  /** Locks held or waited for. */
  locks(): number
  /** Nothing here is off or slow any more. */
  heal(): void
}

/** The disk of a device; one that is busy may show half a commit, and is not looked at. */
export type WorldDisk = Omit<CrashingStorage, 'spoil'> & Partial<Pick<CrashingStorage, 'spoil'>> & { isBusy?(): boolean }

export interface DiskParts {
  readonly roll: () => number
  readonly schedule: (step: () => void) => void
  readonly cacheBytes: number
}

export interface DeviceParts {
  readonly time: Time
  readonly chance: Chance
  readonly journal: Journal
  readonly plan: Plan
  readonly stormy: () => boolean
  readonly server: WorldServer
  readonly mine: DevicePlan
  readonly opened: (tab: Tab) => void
  /** Default a disk that crashes. */
  readonly disk?: (parts: DiskParts) => WorldDisk
}

interface Browser {
  readonly parts: DeviceParts
  readonly disk: WorldDisk
  readonly tabs: Tab[]
  readonly locks: Locks<Tab>
  readonly channels: Channels
  readonly between: FakeBrowser
  readonly fakes: WeakMap<Tab, FakeTab>
  user: string
  wallMs: number
  isSpoilt: boolean
  commits: number
  opened: number
}

/** Stands where a fault has spoilt a row. */
const spoilt = { spoilt: true }

export function device(parts: DeviceParts): Device {
  const { journal, chance, mine, time } = parts
  const { roll } = chance
  const schedule = (step: () => void) => work(parts, step)
  const { cacheBytes } = mine
  const make = parts.disk ?? (() => crashingStorage(roll, { schedule, cacheBytes }))
  const browser: Browser = {
    parts,
    disk: make({ roll, schedule, cacheBytes }),
    tabs: [],
    locks: { held: new Map(), waiting: [] },
    channels: new Map(),
    between: fakeBrowser(time.clock),
    fakes: new WeakMap(),
    user: mine.user,
    wallMs: 0,
    isSpoilt: false,
    commits: 0,
    opened: 0,
  }
  const { tabs, disk } = browser
  const made: Device = {
    ...promises(),
    plan: mine,
    user: () => browser.user,
    handTo(user) {
      browser.user = user
    },
    disk,
    tabs,
    commits: () => browser.commits,
    noteSpoilt() {
      browser.commits += 1
      browser.isSpoilt = true
    },
    mayDrop: () => browser.isSpoilt || mine.cacheBytes < 1_000_000,
    isSpoilt: ({ value }) => value === spoilt,
    jump(ms) {
      browser.wallMs += ms
    },
    openTab() {
      made.returned(browser.user)
      const tab = openTab(browser, made)
      if (tabs.length > 1) journal.fired('two tabs on one disk')
      if (tabs.length > 1 && !mine.hasLocks) journal.fired('tabs without locks')
      tab.page.present(() => parts.opened(tab))
      return tab
    },
    killTab: (tab) => bury(browser, tab),
    closeTab: (tab) => closeTab(browser, tab),
    killBrowser: (isEvicted) => killBrowser(browser, made, isEvicted),
    talk: (tab, room) => tab.chat.conversation(room),
    freezeTab: (tab, told) => freezeTab(browser, tab, told),
    thawTab: (tab) => thawTab(browser, tab),
    loseMessage: () => browser.between.loseNext(() => journal.fired('channel lost a message')),
    locks: () => browser.locks.held.size + browser.between.locks(),
    heal: () => heal(browser),
  }
  return made
}

export const spoiltValue: unknown = spoilt

/** One step of the disk's work, after a while. */
function work({ time, chance, plan }: DeviceParts, step: () => void): void {
  time.later(plan.diskMs === 0 ? 0 : chance.int(0, plan.diskMs), () => {
    time.beat()
    step()
  })
}

function bury({ tabs, locks, fakes }: Browser, tab: Tab): void {
  tab.life.kill()
  const at = tabs.indexOf(tab)
  if (at >= 0) tabs.splice(at, 1)
  for (const network of tab.networks) network.kill()
  fakes.get(tab)?.kill()
  letGo(locks, tab)
}

function closeTab(browser: Browser, tab: Tab): void {
  for (const off of tab.views.values()) off()
  void tab.chat.close().then(() => {
    browser.parts.time.beat()
    if (tab.isAlive()) bury(browser, tab)
  })
}

function freezeTab({ fakes }: Browser, tab: Tab, told: boolean): void {
  if (told) fakes.get(tab)?.doze('told')
  tab.life.freeze()
  fakes.get(tab)?.freeze()
}

function thawTab({ fakes }: Browser, tab: Tab): void {
  tab.life.thaw()
  fakes.get(tab)?.thaw()
}

function heal(browser: Browser): void {
  browser.disk.resume()
  for (const tab of [...browser.tabs]) {
    tab.life.throttle(1)
    thawTab(browser, tab)
    for (const network of tab.networks) network.heal()
  }
}

function killBrowser(browser: Browser, made: Device, isEvicted: boolean): void {
  const { disk, tabs, parts } = browser
  for (const tab of [...tabs]) bury(browser, tab)
  const before = { ...disk.counts }
  disk.crash()
  browser.commits += 1
  parts.journal.fired('disk lost resolved commits', disk.counts.lost - before.lost)
  parts.journal.fired('disk landed a commit in a crash', disk.counts.landed - before.landed)
  if (!isEvicted) return
  disk.evict()
  made.forgo()
  parts.journal.fired('disk evicted')
}

function openTab(browser: Browser, made: Device): Tab {
  const { parts, disk, tabs, between, channels, user } = browser
  const { time, journal, mine, plan, chance } = parts
  browser.opened += 1
  const name = `${user}${mine.n}${browser.opened}`
  const life = newLife(time.beat)
  const clock = mortalClock(time, life, chance.roll, () => browser.wallMs)
  const fake = between.tab()
  let isMute = false
  const within = budget(journal, name, time.clock.now)
  const ways: Ways = waysTo({
    ...parts,
    user,
    name,
    life,
    clock,
    tabs: fake.tabs,
    links: mine.links,
    sent(frame) {
      within(frame)
      if (isMute) journal.broken('silent-after-logout', `${name} has logged out and sends ${frame.type}`)
    },
  })
  const storage = mortalStorage(disk.factory as StorageFactory, life, made.troubles, () => {
    time.beat()
    browser.commits += 1
  })
  let state: () => ChatState = () => {
    throw new Error('A state was asked for before there was one.')
  }
  const chat = composeChat<Content>({
    user,
    transport: ways.transport,
    clock,
    storage: storage.factory,
    lanes: lanesOf(browser, () => tab),
    conversations: plan.held,
    inspect(look) {
      state = look
    },
  })
  const tab: Tab = {
    name,
    user,
    device: made,
    chat,
    life,
    page: pageOf(life, channels, (run) => time.later(1, run)),
    networks: ways.networks,
    storage,
    state,
    views: new Map(),
    unsettled: new Map(),
    isAlive: life.isAlive,
    mute() {
      isMute = true
    },
  }
  browser.fakes.set(tab, fake)
  tabs.push(tab)
  return tab
}

function lanesOf({ parts: { journal, mine }, locks }: Browser, tab: () => Tab): Lanes {
  const adopted = (lane: string) => {
    if (lane !== tab().state().config.lane) journal.fired('lane adopted')
  }
  return mine.hasLocks ? locksOf(locks, tab, adopted) : noLocks(locks, tab, () => journal.fired('lane claimed twice'))
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
