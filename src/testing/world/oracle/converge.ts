/** The end of a history: everything heals, and within a bound all agree. */
import { roundMs } from '../../../server/rounds.js'
import { allOf, type Tab } from '../tab.js'
import { look, post, roomsOf, type World, type WorldOptions } from '../world.js'
import { agree, disagreementOf, hasCaughtUp, isMemberNow, lookEveryMs, unsentOf } from './agree.js'
import { checkWorld, type Memory } from './check.js'
import { checkLists } from './lists.js'

/** The longest backoff twice, a connect and a request that time out, a silent link that is noticed: no history may need more. */
export const agreeWithinMs = 45_000
/** As often while those are waited for whom an event of the network has woken. */
const lookCloselyMs = 250
const closelyMs = 6_000
/** A look at the news of the store, and what it leads to. */
const withoutBusMs = 15_000

/** So long reading all of the past may take, and so many pages of it. */
const readBackMs = 20_000
const mostPages = 40

/** In virtual time, as the looks saw it. */
export interface Healing {
  /** From the end of all trouble to where everybody agrees. */
  readonly agreedMs: number
  /** To where each tab that was on screen and was told that the network is back shows all that was there by then. */
  readonly onlineMs: readonly number[]
  /** To where it has sent all it had as well: what the server refused in passing waits for its time. */
  readonly sentMs: readonly number[]
}

export async function converge(world: World, memory: Memory, heard: WorldOptions['heard']): Promise<Healing | null> {
  const { time, journal } = world
  const told = heal(world, heard)
  // Each has heard that its link is gone.
  await time.pass(1)
  for (const { page } of told) page.tell('online')
  const heads = new Map(world.plan.rooms.map(({ id }) => [id, world.truth.now(id)?.changes.length ?? 0]))
  const healedMs = time.clock.now()
  const sinceMs = () => time.clock.now() - healedMs
  const onlineMs: number[] = []
  const sentMs: number[] = []
  const unsent = new Set(told)
  let missing: string | null = 'nothing was looked at'
  while (missing !== null && sinceMs() < agreeWithinMs && !journal.breach()) {
    const nextMs = unsent.size > 0 && sinceMs() < closelyMs ? lookCloselyMs : lookEveryMs
    // The last look is at the bound, and not beyond.
    await time.pass(Math.min(nextMs, agreeWithinMs - sinceMs()))
    missing = lookAround(world, memory, heard)
    if (missing !== null) journal.note(`${sinceMs()}: ${missing}`)
    const isBack = (tab: Tab) => hasCaughtUp(world, tab, heads)
    sift(told, isBack, () => onlineMs.push(sinceMs()))
    sift(
      unsent,
      (tab) => isBack(tab) && unsentOf(world, tab).length === 0,
      () => sentMs.push(sinceMs()),
    )
  }
  if (missing !== null && !journal.breach()) journal.broken('converges', `${agreeWithinMs / 1000} s after all has healed, ${missing}`)
  const agreedMs = sinceMs()
  journal.note(`agreed after ${agreedMs}`)
  for (const { id } of world.plan.rooms)
    journal.note(
      `${id} ${world.truth
        .now(id)
        ?.changes.map(({ tag }) => tag)
        .join(' ')}`,
    )
  if (!journal.breach()) await readBack(world, memory)
  if (!journal.breach()) await convergeWithoutBus(world, memory, heard)
  if (!journal.breach()) await checkLists(world, memory, heard)
  return journal.breach() ? null : { agreedMs, onlineMs, sentMs }
}

/** Dead tabs go, and those that are done are told of. */
function sift(tabs: Set<Tab>, isDone: (tab: Tab) => boolean, done: () => void): void {
  for (const tab of tabs) {
    const isOver = tab.isAlive() && isDone(tab)
    if (isOver) done()
    if (isOver || !tab.isAlive()) tabs.delete(tab)
  }
}

/** Everybody reads the whole log, back to its beginning: each page is looked at as it comes. */
async function readBack(world: World, memory: Memory): Promise<void> {
  const { journal, time, plan } = world
  const left = new Set<string>()
  const read = async (tab: Tab, room: string) => {
    const { timeline, jumpToLatest, loadOlder } = tab.device.talk(tab, room)
    await jumpToLatest()
    for (let pages = 0; timeline.get().hasOlder && pages < mostPages; pages++) {
      await loadOlder({ limit: 100 })
      time.beat()
      checkWorld(world, memory)
    }
    if (!timeline.get().hasOlder) left.delete(`${tab.name} ${room}`)
  }
  const due: (() => void)[] = []
  const begin = (tab: Tab, room: string) =>
    void read(tab, room).catch((error) => {
      journal.note(`${tab.name} ${room} was not read: ${error}`)
      // A link may end for a better way while it is asked: the reader is told so, and asks again.
      if (error.code === 'offline') due.push(() => begin(tab, room))
    })
  for (const tab of world.tabs())
    for (const room of roomsOf(plan, tab.user).filter((each) => isMemberNow(world, each, tab.user))) {
      left.add(`${tab.name} ${room}`)
      due.push(() => begin(tab, room))
    }
  for (let ms = 0; ms < readBackMs && left.size > 0 && !journal.breach(); ms += lookEveryMs) {
    for (const each of due.splice(0)) each()
    await time.pass(lookEveryMs)
  }
  checkWorld(world, memory)
  if (left.size > 0) journal.broken('converges', `${readBackMs / 1_000} s after all agree, the past is not read: ${[...left]}`)
}

/** All is well but the bus, which carries nothing: what one node writes reaches the links of the other by the store alone. */
async function convergeWithoutBus(world: World, memory: Memory, heard: WorldOptions['heard']): Promise<void> {
  const { server, time, journal, plan } = world
  if (!server.bus) return
  const look = () => lookAround(world, memory, heard)
  // A store that was swapped under a node is found out by the node's next look, which sends its links away: that is trouble of before.
  await time.pass(roundMs.most)
  const untold = await agree(world, agreeWithinMs, look)
  if (untold !== null) journal.broken('converges', `${agreeWithinMs / 1000} s after every node has looked at its store, ${untold}`)
  server.bus.cut(withoutBusMs)
  for (const { id } of plan.rooms) post(world, id, 'bot')
  const missing = await agree(world, withoutBusMs, look)
  if (missing !== null) journal.broken('converges', `${withoutBusMs / 1000} s after a post, without a bus, ${missing}`)
}

/** Whoever was turned away comes back, all is checked, and the first thing in which somebody disagrees is told. */
function lookAround(world: World, memory: Memory, heard: WorldOptions['heard']): string | null {
  world.server.start()
  for (const device of world.devices) world.open(device)
  for (const tab of world.tabs()) {
    if (tab.chat.session.get().phase === 'refused') tab.chat.connect()
    for (const room of roomsOf(world.plan, tab.user)) look(world, tab, room, heard)
  }
  checkWorld(world, memory)
  for (const tab of world.tabs()) {
    const what = disagreementOf(world, tab)
    if (what) return what
  }
  return null
}

/** The end of all trouble; returns the tabs that were told of it. */
function heal(world: World, heard: WorldOptions['heard']): Set<Tab> {
  world.journal.note('all heals')
  world.calm()
  world.server.store.disarm()
  world.server.orders.forgive()
  world.server.heal()
  world.relay?.start()
  const told = new Set<Tab>()
  for (const device of world.devices) {
    const isTold = world.chance.hit(0.5)
    device.heal()
    for (const tab of device.tabs) {
      for (const network of allOf(tab)) network.cut(isTold ? 'now' : undefined)
      for (const room of roomsOf(world.plan, tab.user)) look(world, tab, room, heard)
      if (isTold && tab.page.isVisible()) told.add(tab)
    }
  }
  return told
}
