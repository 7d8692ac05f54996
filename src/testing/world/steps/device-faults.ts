/** Steps in which a tab, a browser, its clock or its storage goes wrong. */
import type { FaultName } from '../faults.js'
import { spoiltValue } from '../device.js'
import type { StepName } from '../plan.js'
import { allOf, type Device, noteDurable, releaseAll, type Tab } from '../tab.js'
import type { World } from '../world.js'
import type { Acts } from './acts.js'

type Names = Extract<
  StepName,
  | 'kill-tab'
  | 'kill-browser'
  | 'close-tab'
  | 'freeze-tab'
  | 'put-away'
  | 'throttle-tab'
  | 'sleep'
  | 'jump-clock'
  | 'fail-disk'
  | 'fail-landed'
  | 'stall-disk'
  | 'open-late'
  | 'close-disk'
  | 'block-disk'
  | 'evict-disk'
  | 'corrupt-row'
  | 'logout'
  | 'lose-message'
>

const tenYearsMs = 10 * 365 * 86_400_000

function comeBack(world: World, device: Device): void {
  world.time.later(world.chance.pick([1, 40, 2_500]), () => world.open(device))
}

function leave(world: World, tab: Tab, how: (tab: Tab) => void): void {
  how(tab)
  comeBack(world, tab.device)
}

const statusFaults: { readonly [Status in 'saving' | 'queued' | 'sending' | 'sent' | 'failed']: FaultName } = {
  saving: 'tab killed while an entry was saving',
  queued: 'tab killed while an entry was queued',
  sending: 'tab killed while an entry was sending',
  sent: 'tab killed while an entry was sent',
  failed: 'tab killed while an entry had failed',
}

function killTab(world: World, tab: Tab): void {
  world.journal.fired('tab killed')
  for (const { status } of tab.chat.outbox.get()) world.journal.fired(statusFaults[status])
  leave(world, tab, tab.device.killTab)
}

function killBrowser(world: World, device: Device, isEvicted: boolean): void {
  const tabs = device.tabs.length
  device.killBrowser(isEvicted)
  world.journal.fired('browser killed')
  for (let i = 0; i < tabs; i++) comeBack(world, device)
}

function freeze(world: World, tabs: readonly Tab[], told: boolean, woken: (tab: Tab) => void): void {
  const { time, chance } = world
  for (const tab of tabs) tab.device.freezeTab(tab, told)
  time.later(chance.int(200, 90_000), () => {
    for (const tab of tabs) {
      if (!tab.isAlive()) continue
      tab.device.thawTab(tab)
      woken(tab)
    }
  })
}

/** Where a fault is for the tab that opens next, an old one makes place for it. */
function reopen(world: World, tab: Tab): void {
  tab.device.killTab(tab)
  world.open(tab.device)
}

function stall(world: World, { disk }: Device): void {
  disk.stall()
  world.time.later(world.chance.int(10, 3_000), disk.resume)
}

function corrupt(world: World, { device, user }: Tab): void {
  const rows = device.disk.certain({ user }).filter(({ key }) => key[0] === 'm' || key[0] === 'i' || key[0] === 'u')
  if (rows.length === 0) return
  const { key } = world.chance.pick(rows)
  if (!device.disk.spoil?.({ user }, key, spoiltValue)) return
  device.noteSpoilt()
  world.journal.fired('disk row corrupted')
}

function logout(world: World, tab: Tab): void {
  const { device, chat } = tab
  const { journal, chance, time, truth, discarded, plan } = world
  journal.fired('logout')
  if (chat.outbox.get().some(({ status }) => status === 'sending')) journal.fired('logout in mid-flush')
  const flushMs = chance.pick([0, 0, 1_000])
  // Without a flush nothing more is sent from now on, however long the wiping takes.
  if (flushMs === 0) time.later(1, tab.mute)
  device.leaving(tab)
  const gone = (heir: string | undefined) => {
    time.beat()
    if (tab.isAlive()) device.killTab(tab)
    if (heir !== undefined && device.tabs.length === 0) {
      device.handTo(heir)
      journal.fired('another user on the disk')
    }
    time.later(chance.pick([1, 2_500]), () => world.open(device))
  }
  void chat.logout({ flushMs }).then(
    ({ unsent }) => {
      tab.mute()
      for (const other of device.tabs) if (other.user === tab.user) noteDurable(other)
      // A tab that opened between the two commits knows the new generation already: what it stored the second takes (L10).
      const generation = device.disk.certain({ user: tab.user }).find(({ key }) => key[0] === 'g')?.version
      const given = unsent.map(({ localId }) => localId)
      for (const [localId, room] of device.left(tab, given)) {
        const isSince = device.madeIn.get(localId) === generation
        const kept = isSince || discarded.has(localId) || truth.everLanded(room, tab.user, localId)
        if (!kept) journal.broken('acked-stays', `${tab.user} logged out: ${localId} was neither sent nor given back`)
      }
      releaseAll(tab)
      if (device.tabs.every((each) => each === tab)) device.wipedOf(tab.user)
      gone(chance.hit(0.4) ? chance.pick(plan.users) : undefined)
    },
    // Nobody calls it again: what its wiping took, where that landed, goes with the tab.
    () => gone(undefined),
  )
}

export const deviceFaults: Acts<Names> = {
  'kill-tab': killTab,
  'kill-browser': (world, tab) => killBrowser(world, tab.device, false),
  'close-tab': (world, tab) => leave(world, tab, tab.device.closeTab),
  'freeze-tab'(world, tab) {
    world.journal.fired('tab frozen')
    const isTold = world.chance.hit(0.5)
    if (isTold) tab.page.tell('freeze')
    freeze(world, [tab], isTold, () => isTold && tab.page.tell('resume'))
  },
  'put-away'(world, tab) {
    world.journal.fired('page put away and shown again')
    tab.page.tell('pagehide')
    tab.page.tell('hidden')
    for (const network of allOf(tab)) network.cut()
    freeze(world, [tab], true, () => {
      tab.page.tell('visible')
      tab.page.tell('pageshow')
    })
  },
  'throttle-tab'({ journal, chance, time }, tab) {
    journal.fired('timers throttled')
    tab.page.tell('hidden')
    tab.life.throttle(chance.pick([1_000, 1_000, 60_000]))
    time.later(chance.int(5_000, 120_000), () => {
      if (!tab.isAlive()) return
      tab.life.throttle(1)
      tab.page.tell('visible')
    })
  },
  sleep(world, { device }) {
    world.journal.fired('device slept')
    const sleptMs = world.chance.int(1_000, 8 * 3_600_000)
    freeze(world, device.tabs.slice(), false, (tab) => tab.page.tell('online'))
    device.jump(sleptMs)
  },
  'jump-clock'({ journal, chance }, { device }) {
    journal.fired('device clock jumped years')
    device.jump(chance.pick([-tenYearsMs, tenYearsMs]))
  },
  'fail-disk'(world, { device }) {
    const full = world.chance.hit(0.5)
    device.disk.failNext(full ? 'full' : 'failed')
    world.journal.fired(full ? 'disk full' : 'disk commit failed')
  },
  'fail-landed'(world, { device }) {
    device.troubles.failLanded = true
    world.journal.fired('disk commit landed but failed')
  },
  'stall-disk'(world, { device }) {
    world.journal.fired('disk stalled')
    stall(world, device)
  },
  'open-late'(world, tab) {
    world.journal.fired('disk opened late')
    reopen(world, tab)
    stall(world, tab.device)
  },
  'close-disk'(world, tab) {
    world.journal.fired('disk closed by force')
    tab.storage.close(world.chance.hit(0.4) ? 'lost' : undefined)
  },
  'block-disk'(world, tab) {
    world.journal.fired('disk blocked at opening')
    tab.device.troubles.blockNext = true
    reopen(world, tab)
  },
  'evict-disk': (world, { device }) => killBrowser(world, device, true),
  'corrupt-row': corrupt,
  logout,
  'lose-message'(world) {
    const shared = world.devices.filter(({ plan }) => plan.links.startsWith('shared'))
    if (shared.length > 0) world.chance.pick(shared).loseMessage()
  },
}
