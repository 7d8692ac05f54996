/** The end of a history: everything heals, and within a bound all agree. */
import type { OutboxEntry } from '../../../client/api.js'
import { roundMs } from '../../../server/rounds.js'
import { allOf, type Content, outboxOf, type Tab } from '../tab.js'
import { look, post, roomsOf, type World, type WorldOptions } from '../world.js'
import { checkWorld, type Memory } from './check.js'
import { checkLists } from './lists.js'
import { readBelow } from './marks.js'
import { isMember, type LogModel, unreadIn } from './model.js'

/** The longest backoff twice, a connect and a request that time out, a silent link that is noticed: no history may need more. */
export const agreeWithinMs = 45_000
const lookEveryMs = 2_000
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
  const { journal, time, plan, truth } = world
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
    for (const room of roomsOf(plan, tab.user).filter((each) => isMember(truth.now(each) ?? nobody, tab.user))) {
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
  // A store that was swapped under a node is found out by the node's next look, which sends its links away: that is trouble of before.
  await time.pass(roundMs.most)
  const untold = await agree(world, memory, heard, agreeWithinMs)
  if (untold !== null) journal.broken('converges', `${agreeWithinMs / 1000} s after every node has looked at its store, ${untold}`)
  server.bus.cut(withoutBusMs)
  for (const { id } of plan.rooms) post(world, id, 'bot')
  const missing = await agree(world, memory, heard, withoutBusMs)
  if (missing !== null) journal.broken('converges', `${withoutBusMs / 1000} s after a post, without a bus, ${missing}`)
}

/** Looks until all agree, for so long at most; gives what is missing then. */
async function agree(world: World, memory: Memory, heard: WorldOptions['heard'], forMs: number): Promise<string | null> {
  const { time, journal } = world
  const untilMs = time.clock.now() + forMs
  let missing: string | null = 'nothing was looked at'
  while (missing !== null && time.clock.now() < untilMs && !journal.breach()) {
    await time.pass(lookEveryMs)
    missing = lookAround(world, memory, heard)
  }
  return missing
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

const nobody: LogModel = { changes: [], places: [], states: new Map(), stints: new Map() }

/** The first thing in which this tab and the truth differ, or null. */
function disagreementOf(world: World, tab: Tab): string | null {
  const { phase } = tab.chat.session.get()
  if (phase !== 'online') return `${tab.name} is ${phase}`
  for (const room of roomsOf(world.plan, tab.user)) {
    const what = differs(world, tab, room)
    if (what) return `${tab.name} in ${room}: ${what}`
  }
  const left = unsentOf(world, tab)
  return left[0] ? `${tab.name} still has ${left.length} unsent, ${left[0].localId} is ${left[0].status}` : null
}

/** What was sent before its author was removed is at the server, where its author cannot see it any more. */
function unsentOf(world: World, tab: Tab): readonly OutboxEntry<Content>[] {
  const isAway = (room: string) => !isMember(world.truth.now(room) ?? nobody, tab.user)
  return outboxOf(tab).filter((entry) => entry.status !== 'failed' && !(entry.status === 'sent' && isAway(entry.conversation)))
}

function hasCaughtUp(world: World, tab: Tab, heads: ReadonlyMap<string, number>): boolean {
  if (tab.chat.session.get().phase !== 'online') return false
  const { slots, conversations } = tab.state()
  return roomsOf(world.plan, tab.user).every((room) => {
    const line = world.truth.now(room) ?? nobody
    const { state } = tab.device.talk(tab, room).timeline.get()
    if (!isMember(line, tab.user)) return state === 'gone'
    const head = conversations[slots.get(room) ?? -1]?.log.head ?? -1
    return state === 'ready' && head >= (heads.get(room) ?? 0)
  })
}

function differs({ truth }: World, tab: Tab, room: string): string | null {
  const line = truth.now(room)
  const { slots, conversations } = tab.state()
  const conversation = conversations[slots.get(room) ?? -1]
  if (!line || !conversation) return 'it is not held'
  const { log, receipts } = conversation
  const view = tab.device.talk(tab, room).timeline.get()
  if (!isMember(line, tab.user)) return view.state === 'gone' ? null : `it was removed, but the view is ${view.state}`
  if (view.state !== 'ready') return `the view is ${view.state}`
  if (log.epoch !== line.epoch || log.head !== line.changes.length) return `the head is ${log.head}, not ${line.changes.length}`
  if (receipts.pending) return `the read watermark ${receipts.pending.read} or the mark ${receipts.pending.marked?.at} is not told`
  for (const [user, { delivered, read }] of line.marks) {
    if (!isMember(line, user)) continue
    const mark = receipts.marks.get(user) ?? { delivered: 0, read: 0 }
    // Whoever joins has the past as read. No frame but the joining says so, and none need: a status counts members from where they joined.
    const joined = log.members.find((member) => member.user === user)?.joined ?? 0
    // More than the store has is possible after a backup restored under the same epoch; never more than it ever had (L7).
    if (Math.max(mark.delivered, joined) < delivered || Math.max(mark.read, joined) < read)
      return `${user} is at ${mark.delivered}/${mark.read}, not ${delivered}/${read}`
  }
  const read = receipts.marks.get(tab.user)?.read ?? 0
  const { marked } = receipts
  const mine = line.marks.get(tab.user) ?? { read: 0, marked: { at: 0, rev: 0 } }
  const sameMark = marked.rev === mine.marked.rev && marked.at === mine.marked.at
  // Of two lines under one epoch nobody can tell whose mark is newer.
  if (!sameMark && !truth.wentBack(room, line.epoch))
    return `the mark is ${marked.at}/${marked.rev}, not ${mine.marked.at}/${mine.marked.rev}`
  const told = sameMark && read === mine.read
  const members = log.members.map((member) => `${member.user} ${member.joined}`)
  const due = [...line.stints].flatMap(([user, stints]) => (isMember(line, user) ? `${user} ${stints.at(-1)?.joined}` : []))
  if (members.toSorted().join() !== due.toSorted().join()) return `members are ${members}, not ${due}`
  const { length } = tab.device.plan.isFast ? conversation.ahead : []
  if (length > 0) return `${length} are shown ahead of the log`
  const ahead = view.messages.find(({ seq, status }) => seq === undefined && status !== 'failed')
  // What a tab has taken back it says once.
  if (ahead && !tab.device.hasLostWord()) return `${ahead.key} is shown and not in the log`
  const inbox = tab.chat.inbox.get()
  if (inbox.state !== 'ready') return `the inbox is ${inbox.state}`
  const unread = unreadIn(line, tab.user, readBelow(read, marked.at), log.head)
  const shown = inbox.items.find((item) => item.conversation === room)?.unread
  return shown === Math.min(unread, 100) || !told ? null : `shows ${shown} unread, not ${unread}`
}
