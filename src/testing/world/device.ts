/** One browser: a disk that crashes, and the tabs of one user that share it, its locks and its channels. */
import { crashingStorage } from '../crashing-storage.js'
import { fakeBrowser } from './browser.js'
import { letGo } from './mortal.js'
import { force } from './oracle/caps.js'
import { type Browser, type DeviceParts, openTab } from './open-tab.js'
import { promises } from './promises.js'
import { allOf, type Device, releaseAll, type Tab } from './tab.js'

/** Stands where a fault has spoilt a row. */
const spoilt = { spoilt: true }

export function device(parts: DeviceParts): Device {
  const { journal, chance, mine, time } = parts
  const { roll } = chance
  const schedule = (step: () => void) => work(parts, step)
  const { cacheBytes } = mine
  const isCapped = cacheBytes < 1_000_000
  const make = parts.disk ?? (() => crashingStorage(roll, { schedule, cacheBytes }))
  const browser: Browser = {
    parts,
    disk: make({ roll, schedule, cacheBytes }),
    tabs: [],
    locks: { held: new Map(), waiting: [] },
    channels: new Map(),
    between: fakeBrowser(time.clock, force(journal, time.clock.now)),
    fakes: new WeakMap(),
    user: mine.user,
    wallMs: 0,
    isSpoilt: false,
    commits: 0,
    opened: 0,
  }
  const { tabs, disk } = browser
  let hasLostWord = false
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
    isCapped,
    mayDrop: () => browser.isSpoilt || isCapped,
    isSpoilt: ({ value }) => value === spoilt,
    renewed: new Set(),
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
    loseMessage: () =>
      browser.between.loseNext(() => {
        hasLostWord = true
        journal.fired('channel lost a message')
      }),
    hasLostWord: () => hasLostWord,
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
  if (tab.device.died(tab)) releaseAll(tab)
  tab.life.kill()
  const at = tabs.indexOf(tab)
  if (at >= 0) tabs.splice(at, 1)
  for (const network of allOf(tab)) network.kill()
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
    for (const network of allOf(tab)) network.heal()
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
