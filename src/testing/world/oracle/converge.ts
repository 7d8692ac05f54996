/** The end of a history: everything heals, and within a bound all agree. */
import type { Tab } from '../tab.js'
import { look, roomsOf, type World, type WorldOptions } from '../world.js'
import { checkWorld, type Memory } from './check.js'
import { readBelow } from './marks.js'
import { isMember, type LogModel, unreadIn } from './model.js'

/** The longest backoff twice, a connect and a request that time out, a silent link that is noticed: no history may need more. */
const boundMs = 240_000
const lookEveryMs = 2_000

export async function converge(world: World, memory: Memory, heard: WorldOptions['heard']): Promise<void> {
  const { time, journal, server } = world
  heal(world, heard)
  const healedMs = time.clock.now()
  let missing: string | null = 'nothing was looked at'
  while (missing !== null && time.clock.now() - healedMs < boundMs && !journal.breach()) {
    await time.pass(lookEveryMs)
    server.start()
    for (const device of world.devices) world.open(device)
    for (const tab of world.tabs()) {
      if (tab.chat.session.get().phase === 'refused') tab.chat.connect()
      for (const room of roomsOf(world.plan, tab.user)) look(world, tab, room, heard)
    }
    checkWorld(world, memory)
    missing = disagreement(world)
  }
  if (missing !== null && !journal.breach()) journal.broken('converges', `${boundMs / 1000} s after all has healed, ${missing}`)
  journal.note(`agreed after ${time.clock.now() - healedMs}`)
  for (const { id } of world.plan.rooms)
    journal.note(
      `${id} ${world.truth
        .now(id)
        ?.changes.map(({ tag }) => tag)
        .join(' ')}`,
    )
}

function heal(world: World, heard: WorldOptions['heard']): void {
  world.journal.note('all heals')
  world.calm()
  world.server.store.disarm()
  world.server.orders.forgive()
  if (world.server.isOld()) world.server.kill()
  world.server.start()
  for (const device of world.devices) {
    device.heal()
    for (const tab of device.tabs) {
      for (const network of tab.networks) network.cut()
      for (const room of roomsOf(world.plan, tab.user)) look(world, tab, room, heard)
    }
  }
}

const nobody: LogModel = { changes: [], places: [], states: new Map(), stints: new Map() }

/** The first thing in which a tab and the truth differ, or null. */
function disagreement(world: World): string | null {
  for (const tab of world.tabs()) {
    if (tab.chat.session.get().phase !== 'online') return `${tab.name} is ${tab.chat.session.get().phase}`
    for (const room of roomsOf(world.plan, tab.user)) {
      const what = differs(world, tab, room)
      if (what) return `${tab.name} in ${room}: ${what}`
    }
    // What was sent before its author was removed is at the server, where its author cannot see it any more.
    const isAway = (room: string) => !isMember(world.truth.now(room) ?? nobody, tab.user)
    const left = tab.chat.outbox
      .get()
      .filter((entry) => entry.status !== 'failed' && !(entry.status === 'sent' && isAway(entry.conversation)))
    if (left[0]) return `${tab.name} still has ${left.length} unsent, ${left[0].localId} is ${left[0].status}`
  }
  return null
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
    // More than the store has is possible after a backup restored under the same epoch; never more than it ever had (L7).
    if (mark.delivered < delivered || mark.read < read) return `${user} is at ${mark.delivered}/${mark.read}, not ${delivered}/${read}`
  }
  const read = receipts.marks.get(tab.user)?.read ?? 0
  const { marked } = receipts
  const mine = line.marks.get(tab.user) ?? { read: 0, marked: { at: 0, rev: 0 } }
  const sameMark = marked.rev === mine.marked.rev && marked.at === mine.marked.at
  // Of two lines under one epoch nobody can tell whose mark is newer.
  if (!sameMark && !truth.wentBack(room, line.epoch))
    return `the mark is ${marked.at}/${marked.rev}, not ${mine.marked.at}/${mine.marked.rev}`
  const told = sameMark && read === mine.read
  const inbox = tab.chat.inbox.get()
  if (inbox.state !== 'ready') return `the inbox is ${inbox.state}`
  const unread = unreadIn(line, tab.user, readBelow(read, marked.at), log.head)
  const shown = inbox.items.find((item) => item.conversation === room)?.unread
  return shown === Math.min(unread, 100) || !told ? null : `shows ${shown} unread, not ${unread}`
}
