/** What the store did, told to everybody it concerns. A frame for many links is one object, so that a door encodes it once. */
import { keyOf } from '../key.js'
import { topicOf, topicOfUser } from '../bus.js'
import type { Mark, Person, ServerFrame } from '../../protocol/frames.js'
import { serverLimits } from '../../protocol/server-limits.js'
import type { Outcome, Place, StoredChange, ToldChange } from '../store.js'
import { dismiss } from './follow.js'
import { beyond, offer } from './gate.js'
import { hearOnce, heardKey } from './node.js'
import { type Room, moveRoom } from './room.js'
import { type HubState, linksOf, pushToFollower, roomAt, say, settleStamp, touch } from './state.js'

/** Conversations whose topics hear of one new name; the others hear of it by the store. */
const namedTopics = 1_000

export type OutcomeOf<K extends Outcome['kind']> = Extract<Outcome, { kind: K }>

export function tellStored(state: HubState, at: Place, outcome: OutcomeOf<'stored'>): void {
  const { epoch, stored, person, stamp } = outcome
  settleStamp(state, at.tenant, stamp)
  tellChange(state, at, epoch, stored, person, stamp)
}

export function tellArranged(state: HubState, at: Place, outcome: OutcomeOf<'arranged'>): void {
  const { epoch, changes, people, stamp } = outcome
  state.rosters.delete(keyOf(at.tenant, at.conversation))
  if (stamp === undefined) return
  const room = state.node ? undefined : roomAt(state, at)
  if (room && people.length) tellRoom(state, room, { type: 'people', people })
  for (const stored of changes) {
    const { change, seq } = stored
    const isMember = change.kind === 'member'
    if (isMember && !change.joined) {
      const { tenant, conversation } = at
      const { user } = change
      tellLeft(state, at, user, seq, stamp)
      if (state.node) say(state, topicOfUser(tenant, user), { kind: 'left', tenant, conversation, user, seq, stamp })
    }
    // Of several nodes each tells the people of a change with it.
    const person = state.node && isMember ? people.find(({ user }) => user === change.user) : undefined
    tellChange(state, at, epoch, stored, person, stamp)
  }
  settleStamp(state, at.tenant, stamp)
  move(state, at, epoch, stamp)
}

/** On no roster any more, but the row must go. With several nodes, who follows is told in the order of the log. */
export function tellLeft(state: HubState, at: Place, user: string, seq: number, stamp: number): void {
  const { tenant, conversation } = at
  if (state.node && !hearOnce(state.node, heardKey('row', at, user), [stamp])) return
  for (const link of [...linksOf(state, tenant, user)]) {
    if (!state.node || !link.follows.has(conversation)) dismiss(state, link, conversation, seq)
    touch(state, link, conversation)
  }
}

export function tellMarked(state: HubState, at: Place & { user: string }, outcome: OutcomeOf<'marked'>): void {
  const { epoch, mark, moved, memberCount, stamp } = outcome
  const { tenant, conversation, user } = at
  if (stamp !== undefined) settleStamp(state, tenant, stamp)
  const everyone = moved && memberCount <= serverLimits.members
  // Only of the room's own epoch: a restored backup may have come between asking and storing.
  if (everyone) tellMark(state, at, epoch, mark)
  tellOwn(state, at, epoch, mark, everyone, stamp)
  state.writes.wake()
  if (!state.node) return
  const { delivered, read } = mark
  if (everyone) say(state, topicOf(at), { kind: 'marks', tenant, conversation, epoch, mark: { user, delivered, read } })
  say(state, topicOfUser(tenant, user), { kind: 'own', tenant, conversation, epoch, mark, everyone, stamp })
}

/** To all who follow, at the end of the tick, and not before the changes that it speaks of. */
export function tellMark(state: HubState, at: Place, epoch: string, { user, delivered, read }: Mark): void {
  const room = roomAt(state, at)
  if (!room || (room.epoch !== epoch && room.epoch !== '')) return
  const { node } = state
  if (node && !hearOnce(node, heardKey('marks', at, user, epoch), [delivered, read])) return
  const moved = { user, delivered, read }
  // Nobody has been answered yet: it waits for each behind the answer, and names its own epoch.
  if (room.epoch === '') return tellRoom(state, room, { type: 'marks', conversation: at.conversation, epoch, marks: [moved] })
  room.marks.set(user, moved)
  if (node && Math.max(delivered, read) > room.head) return beyond(state, room, epoch, Math.max(delivered, read))
  state.marked.add(room)
  state.writes.wake()
}

/** To the other links of its user. `everyone`: those who follow hear it with all. */
export function tellOwn(state: HubState, at: Place, epoch: string, mark: Mark, everyone: boolean, stamp: number | undefined): void {
  const { conversation } = at
  const { user, delivered, read, marked } = mark
  const { node } = state
  const isNew = !node || hearOnce(node, heardKey('own', at, user, epoch), [delivered, read, marked?.rev ?? 0])
  const isMoved = stamp !== undefined && (!node || hearOnce(node, heardKey('row', at, user), [stamp]))
  const frame: ServerFrame = { type: 'marks', conversation, epoch, marks: [mark] }
  for (const link of linksOf(state, at.tenant, user)) {
    // What the room is told names no `marked`: that is this user's alone.
    if (isNew && (!everyone || marked || !link.follows.has(conversation))) pushToFollower(state, link, conversation, frame)
    if (isMoved) touch(state, link, conversation)
  }
}

export function tellNamed(state: HubState, tenant: string, person: Person, outcome: OutcomeOf<'named'>): void {
  const { conversations, rows, stamp } = outcome
  if (stamp === undefined) return
  for (const conversation of conversations) tellPerson(state, { tenant, conversation }, person, stamp)
  for (const conversation of state.node ? conversations.slice(0, namedTopics) : []) {
    const at = { tenant, conversation }
    say(state, topicOf(at), { kind: 'person', ...at, person, stamp })
  }
  for (const conversation of rows) move(state, { tenant, conversation }, undefined, stamp)
  settleStamp(state, tenant, stamp)
  state.writes.wake()
}

export function tellPerson(state: HubState, at: Place, person: Person, stamp: number): void {
  const room = roomAt(state, at)
  if (!room || (state.node && !hearOnce(state.node, heardKey('person', at, person.user), [stamp]))) return
  tellRoom(state, room, { type: 'people', people: [person] })
}

/** The moved watermarks of this tick, one frame per room. */
export function tellMarks(state: HubState): void {
  for (const room of state.marked) {
    const { conversation, epoch } = room
    tellRoom(state, room, { type: 'marks', conversation, epoch, marks: [...room.marks.values()] })
    room.marks.clear()
  }
  state.marked.clear()
}

function tellChange(state: HubState, at: Place, epoch: string, stored: StoredChange, person: Person | undefined, stamp: number): void {
  const room = state.rooms.get(move(state, at, epoch, stamp))
  if (state.node) return share(state, at, room, epoch, { ...stored, person })
  if (!room) return
  const { seq, tag, change } = stored
  moveRoom(room, epoch, seq)
  // What is undefined is not written.
  tellRoom(state, room, { type: 'change', conversation: at.conversation, epoch, seq, tag, change, people: person && [person] })
}

/** The followers of this node, and those of the others. */
function share(state: HubState, at: Place, room: Room | undefined, epoch: string, told: ToldChange): void {
  const { tenant, conversation } = at
  if (room) offer(state, room, epoch, told)
  say(state, topicOf(at), { kind: 'change', tenant, conversation, epoch, seq: told.seq, told })
}

/** The rows of a conversation are new in the lists of its members. Returns its key. */
function move(state: HubState, { tenant, conversation }: Place, epoch: string | undefined, stamp: number): string {
  const key = keyOf(tenant, conversation)
  state.moved.set(key, { tenant, conversation, epoch: epoch ?? state.moved.get(key)?.epoch })
  state.node?.stamps.set(key, stamp)
  state.writes.wake()
  return key
}

/** `except`: whom it comes from. */
export function tellRoom(state: HubState, room: Room, frame: ServerFrame, except?: string): void {
  const shared = room.links.size > 1
  for (const link of room.links) {
    if (link.user === except) continue
    pushToFollower(state, link, room.conversation, frame)
    if (shared) link.shared = true
  }
}
