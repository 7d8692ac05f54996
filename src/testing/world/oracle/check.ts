/** Everything that must hold after a step, over all tabs and disks. What has not changed since the last look is not looked at again. */
import type { ChatState, ConversationState } from '../../../core/state.js'
import { type Device, noteDurable, noteUnsettled, outboxOf, type Tab } from '../tab.js'
import type { World } from '../world.js'
import { checkCaps } from './caps.js'
import { checkMarks, type HeldMarks } from './marks.js'
import { isMember } from './model.js'
import { type Known, newKnown } from './seen.js'
import { checkShown, settledOf } from './shown.js'
import { checkStored, type Cursors } from './stored.js'
import { ownKey } from './truth.js'

/** What was looked at last. */
export interface Memory {
  readonly shown: WeakMap<Tab, Map<string, { readonly now: readonly unknown[]; readonly known: Known }>>
  readonly marks: WeakMap<Tab, Map<string, HeldMarks>>
  readonly disks: WeakMap<Device, { commits: number; user: string; cursors: Cursors }>
  readonly states: WeakMap<Tab, { readonly state: ChatState; readonly held: number }>
}

export const newMemory = (): Memory => ({ shown: new WeakMap(), marks: new WeakMap(), disks: new WeakMap(), states: new WeakMap() })

export function checkWorld(world: World, memory: Memory): void {
  for (const device of world.devices) {
    for (const tab of [...device.tabs]) {
      if (!tab.life.isAwake()) continue
      if (tab.chat.session.get().phase !== 'closed') checkTab(world, memory, tab)
      // Ended by the logout of another; while its own is under way somebody waits for what it gives back.
      else if (!device.isLeaving(tab)) device.killTab(tab)
    }
    checkDisk(world, memory, device)
  }
}

function checkTab(world: World, memory: Memory, tab: Tab): void {
  const session = tab.chat.session.get()
  if (session.phase === 'faulted')
    world.journal.broken('shown-once', `${tab.name} failed: ${String(session.error.cause)} ${(session.error.cause as Error)?.stack}`)
  const state = tab.state()
  // Equal states are the same, and nothing of them has changed.
  const last = memory.states.get(tab)
  if (last?.state === state) return
  if (last && last.state.slots !== state.slots) {
    for (const { id, log } of last.state.conversations) if (!state.slots.has(id)) letGo(world, memory, tab, id, log.epoch)
  }
  memory.states.set(tab, { state, held: checkCaps(world.journal, tab.name, state, last?.held ?? world.plan.held ?? 50) })
  noteUnsettled(tab, world)
  const disk = memory.disks.get(tab.device)
  if (noteDurable(tab) && disk) disk.commits = -1
  for (const conversation of state.conversations) checkConversation(world, memory, tab, conversation)
}

/**
 * What comes next is what disk and server say. Where a backup was restored under the same epoch the server has forgotten watermarks that it
 * had told, and with what was in memory and perhaps on disk went all that knew of them: the next are held against the truth alone. So are
 * those of who is a member no more, which the server tells nobody, and another tab that cannot tell the line of the disk writes over.
 */
function letGo({ journal, truth }: World, memory: Memory, tab: Tab, room: string, epoch: string): void {
  journal.fired('conversation let go from memory')
  tab.ahead?.letGo(room)
  const known = held(memory.marks, tab)
  const last = known.get(room)
  const line = truth.now(room)
  if (truth.wentBack(room, epoch)) known.delete(room)
  else if (last && line) known.set(room, { ...last, marks: new Map([...last.marks].filter(([member]) => isMember(line, member))) })
}

export function checkRoom(world: World, memory: Memory, tab: Tab, room: string): void {
  const { slots, conversations } = tab.state()
  const conversation = conversations[slots.get(room) ?? -1]
  if (conversation) checkConversation(world, memory, tab, conversation)
}

function checkConversation(world: World, memory: Memory, tab: Tab, conversation: ConversationState): void {
  const { id: room, log, entries, receipts, ahead } = conversation
  const view = tab.device.talk(tab, room).timeline.get()
  const looked = held(memory.shown, tab)
  const now = [view, entries, receipts, ahead, log.epoch, log.head, log.tag, log.floor, log.tail, log.view, log.members, log]
  const { now: last, known } = looked.get(room) ?? { now: [], known: newKnown() }
  const isSame = (each: unknown, i: number) => each === last[i]
  if (now.every(isSame)) return
  looked.set(room, { now, known })
  const outbox = outboxOf(tab).filter((entry) => entry.conversation === room)
  const shown = { who: tab.name, user: tab.user, room, view, at: log, outbox, entries, ahead, receipts }
  // All that a view is made of; what else is in a log does not show.
  if (!now.slice(0, -1).every(isSame)) checkShown(world.journal, world.truth, shown, world.born, known)
  tab.ahead?.look(conversation, tab.views.has(room))
  noteSettled(world, tab, conversation)
  const marks = held(memory.marks, tab)
  const resets = (world.truth.wentBack(room, log.epoch) && tab.wentBack.get(room)) || 0
  const holds = { who: tab.name, user: tab.user, conversation, inbox: tab.chat.inbox.get(), resets }
  marks.set(room, checkMarks(world.journal, world.truth, holds, marks.get(room)))
}

/** Before each frame that a tab is handed: within one step what it holds may be found, settled, and of a line that is over. */
export function noteOutbox(world: World, tab: Tab): void {
  // Of what a logout has taken nothing was settled.
  if (tab.chat.session.get().phase === 'closed') return
  for (const conversation of tab.unsettled.size > 0 ? tab.state().conversations : []) noteSettled(world, tab, conversation)
  noteUnsettled(tab, world)
}

function noteSettled({ journal, truth, settled, births }: World, tab: Tab, { id: room, log }: ConversationState): void {
  const { name, user, unsettled } = tab
  const sent = [...unsettled].flatMap(([localId, where]) => (where === room ? [localId] : []))
  for (const localId of settledOf(journal, truth, { who: name, user, room, at: log, outbox: outboxOf(tab) }, sent)) {
    unsettled.delete(localId)
    settled.add(localId)
    // Settled on a line that is over: what comes of it now is the exception of a restored backup.
    if (truth.now(room)?.own.get(ownKey(user, localId)) === undefined) births.delete(localId)
  }
}

function checkDisk({ journal, truth, discarded, said }: World, memory: Memory, device: Device): void {
  const last = memory.disks.get(device)
  if (last?.commits === device.commits() || device.isLeaving() || device.disk.isBusy?.()) return
  const user = device.user()
  for (const each of device.wiped) {
    if (device.disk.certain({ user: each }).some((row) => row.key.length > 1))
      journal.broken('no-row-of-another', `${each} logged out, but rows were written after it`)
  }
  const cursors = checkStored({
    journal,
    truth,
    user,
    rows: device.disk.certain({ user }),
    before: last?.user === user ? last.cursors : new Map(),
    promised: device.promised,
    discarded,
    release: (localId) => device.released.add(localId),
    authorOf: (localId) => said.get(localId)?.author,
    mayDrop: device.mayDrop(),
    isCapped: device.isCapped,
    renewed: device.renewed,
    isSpoilt: device.isSpoilt,
  })
  memory.disks.set(device, { commits: device.commits(), user, cursors })
}

function held<V>(map: WeakMap<Tab, Map<string, V>>, tab: Tab): Map<string, V> {
  const found = map.get(tab) ?? new Map<string, V>()
  map.set(tab, found)
  return found
}
