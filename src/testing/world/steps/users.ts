/** Steps of users, and of a backend that writes. */
import type { OutboxEntry } from '../../../client/api.js'
import type { Entry } from '../../../core/outbox/entry.js'
import type { Content, Tab } from '../tab.js'
import type { StepName } from '../plan.js'
import { look, post, type World } from '../world.js'
import type { Acts } from './acts.js'

type Names = Extract<
  StepName,
  | 'send'
  | 'burst'
  | 'post'
  | 'revise'
  | 'mark-read'
  | 'mark-unread'
  | 'typing'
  | 'load-older'
  | 'load-newer'
  | 'jump'
  | 'jump-latest'
  | 'open-view'
  | 'close-view'
  | 'retry'
  | 'discard'
  | 'wait'
  | 'pause'
  | 'long-pause'
>

export function send(world: World, tab: Tab, room: string, content?: Content): void {
  const n = world.next()
  const text = content ?? { text: `${tab.name} ${n}` }
  const localId = tab.device.talk(tab, room).send(text)
  // Without locks two tabs may send one lane, and of two nodes neither knows the other's link in time.
  const isOrdered = world.plan.nodes === 1 || tab.device.plan.hasLocks || tab.device.plan.tabs === 1
  if (isOrdered) world.births.set(localId, { room, user: tab.user, lane: lineOf(world, tab), n })
  world.said.set(localId, { room, author: tab.user, content: text })
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
  // From a tab before this one it may still be on its way.
  const isAdopted = entryIn(tab, localId)?.key[2] !== tab.state().config.lane
  tab.device.talk(tab, conversation).retry(localId)
  // What the server has refused cannot land from before; anything else may, and then its place is not promised.
  const isAgain = error?.code === 'rejected' && world.plan.nodes === 1
  // Nor is it where another tab may have adopted it too, which sends it at its own place.
  const isAlone = !isAdopted && (tab.device.plan.hasLocks || tab.device.plan.tabs === 1)
  // Nor where it was taken back in a tab whose disk has not heard of it: the server has.
  if (world.discarded.has(localId) || (isAgain && !isAlone)) {
    world.births.delete(localId)
    // What the server knows vouches for what is sent behind it, and that may go past what stands before it.
    world.lines.set(tab.state().config.lane, localId)
  } else if (isAgain)
    world.births.set(localId, { room: conversation, user: tab.user, lane: lineOf(world, tab), n: world.next(), again: tab })
}

function entryIn(tab: Tab, localId: string): Entry | undefined {
  return tab
    .state()
    .conversations.flatMap(({ entries }) => entries)
    .find((entry) => entry.localId === localId)
}

/** What a tab sends is in order from one of these to the next. */
function lineOf({ lines }: World, tab: Tab): string {
  const { lane } = tab.state().config
  return `${lane} ${lines.get(lane) ?? ''}`
}

function discard(world: World, tab: Tab): void {
  const taken = own(tab, ({ status }) => status !== 'sent')
  if (taken.length === 0) return
  const { localId, conversation } = world.chance.pick(taken)
  world.discarded.add(localId)
  tab.unsettled.delete(localId)
  // Without locks another tab may have adopted it too: it is sent there, behind what went past it here.
  if (!tab.device.plan.hasLocks) world.births.delete(localId)
  tab.device.talk(tab, conversation).discard(localId)
  world.journal.note(`takes back ${localId.slice(-4)}`)
}

/** What comes of it is seen in the view. */
export function quiet(asked: Promise<unknown>): void {
  asked.catch(() => {})
}

export const users: Acts<Names> = {
  send: (world, tab, room) => send(world, tab, room),
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
  'load-older': (world, tab, room) => quiet(tab.device.talk(tab, room).loadOlder({ limit: world.chance.pick([5, 20, 50, 100]) })),
  'load-newer': (world, tab, room) => quiet(tab.device.talk(tab, room).loadNewer({ limit: world.chance.pick([5, 20, 50]) })),
  jump(world, tab, room) {
    const head = world.truth.now(room)?.changes.length ?? 0
    quiet(tab.device.talk(tab, room).jumpTo(world.chance.int(1, Math.max(1, head))))
  },
  'jump-latest': (_, tab, room) => quiet(tab.device.talk(tab, room).jumpToLatest()),
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
}
