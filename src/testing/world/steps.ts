/** What can happen in a world, one step at a time: users act, things break, time passes. */
import type { OutboxEntry } from '../../client/api.js'
import { isChatError } from '../../client/errors.js'
import type { CloseCode } from '../../protocol/codes.js'
import { type Content, noteDurable, type Tab } from './device.js'
import type { StepName } from './plan.js'
import { ownKey } from './oracle/truth.js'
import { look, post, roomsOf, type World, type WorldOptions } from './world.js'

export type Act = (world: World, tab: Tab, room: string, heard: WorldOptions['heard']) => void

/** Runs one step; the tab and the room are drawn for it. */
export function act(world: World, name: StepName, heard: WorldOptions['heard']): void {
  const { chance, journal } = world
  const tabs = world.tabs()
  if (tabs.length === 0) return
  const tab = chance.pick(tabs)
  const room = chance.pick(roomsOf(world.plan, tab.user))
  journal.note(`${world.time.clock.now()} ${name} ${tab.name} ${room}`)
  try {
    acts[name](world, tab, room, heard)
  } catch (error) {
    if (!isChatError(error)) throw error
    journal.note(`refused ${error.code}`)
  }
}

function send(world: World, tab: Tab, room: string): void {
  const n = world.next()
  const localId = tab.device.talk(tab, room).send({ text: `${tab.name} ${n}` })
  world.births.set(localId, { room, user: tab.user, lane: tab.state().config.lane, n })
  tab.unsettled.set(localId, room)
  world.journal.note(`${localId.slice(-4)} is ${n}`)
}

function markRead(world: World, tab: Tab, room: string): void {
  const { slots, conversations } = tab.state()
  const log = conversations[slots.get(room) ?? -1]?.log
  if (log?.epoch) world.truth.looked(room, log.epoch, tab.user, log.view ? (log.view.rows.at(-1)?.seq ?? 0) : log.head)
  tab.device.talk(tab, room).markRead()
}

/** Half of the time from the newest on, else from anywhere. */
function markUnread(world: World, tab: Tab, room: string): void {
  const { slots, conversations } = tab.state()
  const log = conversations[slots.get(room) ?? -1]?.log
  const seq = world.chance.hit(0.5) ? undefined : world.chance.int(1, Math.max(1, log?.head ?? 0))
  const at = seq ?? log?.tail.rows.findLast(({ author }) => author !== tab.user)?.seq
  if (log?.epoch && at) world.truth.asked(room, log.epoch, tab.user, at)
  tab.device.talk(tab, room).markUnread(seq)
}

function own(tab: Tab, fits: (entry: OutboxEntry<Content>) => boolean): readonly OutboxEntry<Content>[] {
  return tab.chat.outbox.get().filter(fits)
}

function retry(world: World, tab: Tab): void {
  const failed = own(tab, ({ status }) => status === 'failed')
  if (failed.length === 0) return
  const { localId, conversation, error } = world.chance.pick(failed)
  tab.device.talk(tab, conversation).retry(localId)
  // What the server has refused cannot land from before; anything else may, and then its place is not promised.
  if (error?.code === 'rejected')
    world.births.set(localId, { room: conversation, user: tab.user, lane: tab.state().config.lane, n: world.next() })
}

function discard(world: World, tab: Tab): void {
  const taken = own(tab, ({ status }) => status !== 'sent')
  if (taken.length === 0) return
  const { localId, conversation } = world.chance.pick(taken)
  world.discarded.add(localId)
  tab.unsettled.delete(localId)
  tab.device.talk(tab, conversation).discard(localId)
  world.journal.note(`takes back ${localId.slice(-4)}`)
}

function leave(world: World, tab: Tab, how: (tab: Tab) => void): void {
  const { device } = tab
  how(tab)
  world.time.later(world.chance.pick([1, 40, 2_500]), () => world.open(device))
}

function killBrowser(world: World, { device }: Tab): void {
  const tabs = device.tabs.length
  device.killBrowser()
  world.journal.fired('browser killed')
  for (let i = 0; i < tabs; i++) world.time.later(world.chance.pick([1, 40, 2_500]), () => world.open(device))
}

function logout(world: World, tab: Tab): void {
  const { device, chat } = tab
  world.journal.fired('logout')
  const flushMs = world.chance.pick([0, 0, 1_000])
  const left = device.leaving()
  const gone = () => {
    world.time.beat()
    if (tab.isAlive()) device.killTab(tab)
    world.time.later(world.chance.pick([1, 2_500]), () => world.open(device))
  }
  void chat.logout({ flushMs }).then(
    ({ unsent }) => {
      const returned = new Set(unsent.map(({ localId }) => localId))
      for (const other of device.tabs) noteDurable(other)
      for (const [localId, room] of device.promised) {
        const kept = returned.has(localId) || world.discarded.has(localId) || world.truth.everLanded(room, device.user, localId)
        if (!kept) world.journal.broken('L1', `${device.user} logged out: ${localId} was neither sent nor given back`)
      }
      left(true, device.tabs.length <= 1)
      gone()
    },
    () => {
      left(false, false)
      gone()
    },
  )
}

function restore(world: World, newEpoch: boolean, alive: boolean): void {
  const { server, journal, next } = world
  if (!server.store.restore(newEpoch ? () => `e${next()}` : undefined)) return
  // What was settled is gone for good and reported so; an outbox row that a crash brings back may land anywhere. Where
  // links live on, so may a frame of a dead tab that is still on its way.
  for (const [localId, { room, user }] of world.births) {
    const lost = world.truth.everLanded(room, user, localId) && !world.truth.now(room)?.own.has(ownKey(user, localId))
    if (world.settled.has(localId) || (alive && (lost || world.discarded.has(localId)))) world.births.delete(localId)
  }
  journal.fired(newEpoch ? 'store restored under a new epoch' : 'store restored under the same epoch')
  if (alive) journal.fired('store restored while links live')
  else server.kill()
}

const refusals: readonly CloseCode[] = ['overloaded', 'unauthorized', 'server-error', 'forbidden']

const acts: { readonly [Name in StepName]: Act } = {
  send,
  burst(world, tab, room) {
    for (let count = world.chance.int(3, 14); count > 0; count--) send(world, tab, room)
  },
  post: (world, _, room) => post(world, room, world.chance.pick([...world.plan.users, 'bot'])),
  revise(world, _, room) {
    const ids = world.posts.get(room) ?? []
    if (ids.length === 0) return
    // Half of the time one of the newest, which is on everybody's screen.
    const id = world.chance.pick(world.chance.hit(0.5) ? ids.slice(-5) : ids)
    world.server.post(room, id, 'bot', { text: `again ${world.next()}` })
  },
  'mark-read': markRead,
  'mark-unread': markUnread,
  typing: (world, tab, room) => tab.device.talk(tab, room).setTyping(world.chance.hit(0.7)),
  'load-older': (world, tab, room) =>
    void tab.device
      .talk(tab, room)
      .loadOlder({ limit: world.chance.pick([5, 20, 50, 100]) })
      .catch(() => {}),
  'load-newer': (world, tab, room) =>
    void tab.device
      .talk(tab, room)
      .loadNewer({ limit: world.chance.pick([5, 20, 50]) })
      .catch(() => {}),
  jump(world, tab, room) {
    const head = world.truth.now(room)?.changes.length ?? 0
    void tab.device
      .talk(tab, room)
      .jumpTo(world.chance.int(1, Math.max(1, head)))
      .catch(() => {})
  },
  'jump-latest': (_, tab, room) =>
    void tab.device
      .talk(tab, room)
      .jumpToLatest()
      .catch(() => {}),
  'open-view': (world, tab, room, heard) => look(world, tab, room, heard),
  'close-view'(_, tab, room) {
    tab.views.get(room)?.()
    tab.views.delete(room)
  },
  retry,
  discard,
  wait() {},
  pause() {},
  'long-pause'() {},
  'cut-link': (_, tab) => tab.network.cut(),
  'silence-link': (_, tab) => tab.network.silence(),
  'unopened-link'(_, tab) {
    tab.network.failNext()
    tab.network.cut()
  },
  'refuse-hello'(world, tab) {
    world.server.orders.refuseHello(world.chance.pick(refusals))
    tab.network.cut()
  },
  'refuse-operation': (world) => world.server.orders.refuseOperation(),
  'kill-tab'(world, tab) {
    world.journal.fired('tab killed')
    leave(world, tab, tab.device.killTab)
  },
  'kill-browser': killBrowser,
  'close-tab': (world, tab) => leave(world, tab, tab.device.closeTab),
  'kill-before-commit': (world) => world.server.store.arm('kill-before'),
  'kill-after-commit': (world) => world.server.store.arm('kill-after'),
  'kill-server'(world) {
    if (!world.server.isUp()) return
    world.journal.fired('server killed at rest')
    world.server.kill()
  },
  'drain-server'(world) {
    if (!world.server.isUp()) return
    world.journal.fired('server drained')
    world.server.drain()
  },
  'answer-late'(world, tab) {
    world.server.orders.tamper('late')
    tab.network.cut()
  },
  'answer-old'(world, tab) {
    world.server.orders.tamper('old')
    tab.network.cut()
  },
  'fail-write': (world) => world.server.store.arm('fail-write'),
  'fail-read': (world) => world.server.store.arm('fail-read'),
  'restore-new-epoch': (world) => restore(world, true, false),
  'restore-same-epoch': (world) => restore(world, false, false),
  'restore-alive': (world) => restore(world, true, true),
  'fail-disk'(world, { device }) {
    const full = world.chance.hit(0.5)
    device.disk.failNext(full ? 'full' : 'failed')
    world.journal.fired(full ? 'disk full' : 'disk commit failed')
  },
  'stall-disk'(world, { device }) {
    device.disk.stall()
    world.journal.fired('disk stalled')
    world.time.later(world.chance.int(10, 3_000), device.disk.resume)
  },
  logout,
}

/** How long a step lasts. */
export function lengthOf(world: World, name: StepName): number {
  const { chance } = world
  if (name === 'long-pause') return chance.int(8_000, 40_000)
  if (name === 'pause') return chance.int(500, 6_000)
  if (name === 'wait') return chance.int(1, 300)
  return chance.pick([0, 0, 1, 10, 60])
}
