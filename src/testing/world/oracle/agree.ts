/** What has to be the same in every tab and at the server once all is well, and the waiting for it. */
import type { OutboxEntry } from '../../../client/api.js'
import { type Content, outboxOf, type Tab } from '../tab.js'
import { roomsOf, type World } from '../world.js'
import { readBelow } from './marks.js'
import { isMember, unreadIn } from './model.js'

export const lookEveryMs = 2_000

/** Looks until nothing is missing, for so long at most; gives what is missing then. */
export async function agree({ time, journal }: World, forMs: number, look: () => string | null): Promise<string | null> {
  const untilMs = time.clock.now() + forMs
  let missing: string | null = 'nothing was looked at'
  while (missing !== null && time.clock.now() < untilMs && !journal.breach()) {
    await time.pass(lookEveryMs)
    missing = look()
  }
  return missing
}

export function isMemberNow({ truth }: World, room: string, user: string): boolean {
  const line = truth.now(room)
  return line !== undefined && isMember(line, user)
}

/** The first thing in which this tab and the truth differ, or null. */
export function disagreementOf(world: World, tab: Tab): string | null {
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
export function unsentOf(world: World, tab: Tab): readonly OutboxEntry<Content>[] {
  const isHere = (room: string) => isMemberNow(world, room, tab.user)
  return outboxOf(tab).filter((entry) => entry.status !== 'failed' && (entry.status !== 'sent' || isHere(entry.conversation)))
}

export function hasCaughtUp(world: World, tab: Tab, heads: ReadonlyMap<string, number>): boolean {
  if (tab.chat.session.get().phase !== 'online') return false
  const { slots, conversations } = tab.state()
  return roomsOf(world.plan, tab.user).every((room) => {
    const { state } = tab.device.talk(tab, room).timeline.get()
    if (!isMemberNow(world, room, tab.user)) return state === 'gone'
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
