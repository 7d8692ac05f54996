/** A tab is opened in a browser: a chat over its own network, page and life, and the disk and the locks it shares. */
import { composeChat } from '../../client/create-chat.js'
import type { Lanes } from '../../client/lanes.js'
import type { ChatState } from '../../core/state.js'
import type { StorageFactory, Write } from '../../ports/storage.js'
import type { ClientFrame } from '../../protocol/frames.js'
import type { FakeBrowser, FakeTab } from './browser.js'
import { type Life, type Locks, locksOf, type MortalStorage, mortalClock, mortalStorage, newLife, noLocks } from './mortal.js'
import type { Scene } from './link.js'
import { aheadIn } from './oracle/ahead.js'
import { budget } from './oracle/caps.js'
import { type Channels, pageOf } from './page.js'
import type { DevicePlan } from './device-plan.js'
import type { Content, Device, MakeDisk, Tab, WorldDisk } from './tab.js'
import { overheard, type Ways, waysTo } from './ways.js'

export interface DeviceParts extends Scene {
  readonly mine: DevicePlan
  readonly opened: (tab: Tab) => void
  /** Before each frame that a tab is handed: what it holds then may be settled before the end of the step. */
  readonly hears: (tab: Tab) => void
  /** Default a disk that crashes. */
  readonly disk?: MakeDisk
}

export interface Browser {
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

export function openTab(browser: Browser, made: Device): Tab {
  const { parts, tabs, between, channels, user } = browser
  const { time, journal, mine, plan, chance } = parts
  browser.opened += 1
  const name = `${user}${mine.n}${browser.opened}`
  const life = newLife(time.beat)
  const clock = mortalClock(time, life, chance.roll, () => browser.wallMs)
  const fake = between.tab()
  let isMute = false
  const within = budget(journal, name, time.clock.now)
  const withinFast = budget(journal, `${name}~`, time.clock.now)
  const sent = (frame: ClientFrame, count: typeof within) => {
    count(frame)
    if (isMute) journal.broken('silent-after-logout', `${name} has logged out and sends ${frame.type}`)
  }
  const ahead = mine.isFast ? aheadIn(parts, name, user) : undefined
  const ways: Ways = waysTo({
    ...parts,
    user,
    name,
    life,
    clock,
    tabs: fake.tabs,
    links: mine.links,
    ahead,
    sent: (frame) => sent(frame, within),
    sentFast: (frame) => sent(frame, withinFast),
  })
  const storage = storageOf(browser, made, life, () => state().disk.generation)
  let state: () => ChatState = () => {
    throw new Error('A state was asked for before there was one.')
  }
  const chat = composeChat<Content>({
    user,
    transport: overheard(ways.transport, () => parts.hears(tab)),
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
    fast: ways.fast,
    ahead,
    storage,
    state,
    views: new Map(),
    wentBack: new Map(),
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

function storageOf(browser: Browser, made: Device, life: Life, generation: () => string): MortalStorage {
  return mortalStorage(browser.disk.factory as StorageFactory, life, made.troubles, {
    writing: (writes) => noteMade(made, generation(), writes),
    committed() {
      browser.parts.time.beat()
      browser.commits += 1
    },
  })
}

/** Another tab that adopts an entry writes it again. */
function noteMade({ madeIn }: Device, generation: string, writes: readonly Write[]): void {
  for (const write of writes) {
    if (write.kind !== 'put' || write.row.key[0] !== 'o') continue
    const { version: localId } = write.row
    if (!madeIn.has(localId)) madeIn.set(localId, generation)
  }
}

function lanesOf({ parts: { journal, mine }, locks }: Browser, tab: () => Tab): Lanes {
  const adopted = (lane: string) => {
    if (lane !== tab().state().config.lane) journal.fired('lane adopted')
  }
  return mine.hasLocks ? locksOf(locks, tab, adopted) : noLocks(locks, tab, () => journal.fired('lane claimed twice'))
}
