/** What the store did, told to everybody it concerns. A frame for many links is one object, so that a door encodes it once. */
import { keyOf } from '../key.js'
import type { Person, ServerFrame } from '../../protocol/frames.js'
import { serverLimits } from '../../protocol/limits.js'
import type { Outcome, Place, StoredChange } from '../store.js'
import { dismiss } from './follow.js'
import { type HubState, type Room, linksOf, pushToFollower, roomAt, touch } from './state.js'

export type OutcomeOf<K extends Outcome['kind']> = Extract<Outcome, { kind: K }>

export function tellStored(state: HubState, at: Place, outcome: OutcomeOf<'stored'>): void {
  state.settled.set(at.tenant, outcome.stamp)
  tellChange(state, at, outcome.epoch, outcome.stored, outcome.person && [outcome.person])
}

export function tellArranged(state: HubState, at: Place, outcome: OutcomeOf<'arranged'>): void {
  const { epoch, changes, people, stamp } = outcome
  state.rosters.delete(keyOf(at.tenant, at.conversation))
  const room = roomAt(state, at)
  if (room && people.length) tellRoom(state, room, { type: 'people', people })
  for (const stored of changes) {
    const { change, seq } = stored
    if (change.kind === 'member' && !change.joined) {
      for (const link of [...linksOf(state, at.tenant, change.user)]) {
        dismiss(state, link, at.conversation, seq)
        // On no roster any more, but the row must go.
        touch(state, link, at.conversation)
      }
    }
    tellChange(state, at, epoch, stored)
  }
  if (stamp === undefined) return
  state.settled.set(at.tenant, stamp)
  state.moved.set(keyOf(at.tenant, at.conversation), at)
  state.writes.wake()
}

export function tellMarked(state: HubState, at: Place & { user: string }, outcome: OutcomeOf<'marked'>): void {
  const { epoch, mark, moved, memberCount, stamp } = outcome
  const { user, delivered, read } = mark
  if (stamp !== undefined) state.settled.set(at.tenant, stamp)
  const room = roomAt(state, at)
  const everyone = moved && memberCount <= serverLimits.members
  // Only of the room's own epoch: a restored backup may have come between asking and storing.
  if (room && everyone && (room.epoch === epoch || room.epoch === '')) {
    room.marks.set(user, { user, delivered, read })
    state.marked.add(room)
  }
  const frame: ServerFrame = { type: 'marks', conversation: at.conversation, epoch, marks: [mark] }
  for (const link of linksOf(state, at.tenant, at.user)) {
    // What the room is told names no `marked`: that is this user's alone.
    if (!everyone || mark.marked || !link.follows.has(at.conversation)) pushToFollower(state, link, at.conversation, frame)
    if (stamp !== undefined) touch(state, link, at.conversation)
  }
  state.writes.wake()
}

export function tellNamed(state: HubState, tenant: string, person: Person, outcome: OutcomeOf<'named'>): void {
  for (const conversation of outcome.conversations) {
    const room = roomAt(state, { tenant, conversation })
    if (room) tellRoom(state, room, { type: 'people', people: [person] })
  }
  for (const conversation of outcome.rows) state.moved.set(keyOf(tenant, conversation), { tenant, conversation })
  if (outcome.stamp === undefined) return
  state.settled.set(tenant, outcome.stamp)
  state.writes.wake()
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

function tellChange(state: HubState, at: Place, epoch: string, { seq, tag, change }: StoredChange, people?: readonly Person[]): void {
  const key = keyOf(at.tenant, at.conversation)
  state.moved.set(key, at)
  state.writes.wake()
  const room = state.rooms.get(key)
  if (!room) return
  moveRoom(room, epoch, seq)
  // What is undefined is not written.
  tellRoom(state, room, { type: 'change', conversation: at.conversation, epoch, seq, tag, change, people })
}

/** Watermarks gathered under another epoch name other messages. */
export function moveRoom(room: Room, epoch: string, head: number): void {
  if (room.epoch !== '' && room.epoch !== epoch) room.marks.clear()
  room.epoch = epoch
  room.head = head
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
