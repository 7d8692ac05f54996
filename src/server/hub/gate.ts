/**
 * With several nodes, the one way by which changes reach the followers of a conversation: the next one is told, a lower one was told
 * already, and before a higher one what lies between is read from the store. So nobody is told anything twice or out of order.
 */
import { keyOf } from '../key.js'
import type { ServerFrame } from '../../protocol/frames.js'
import { errorFields, silentLogger } from '../logger.js'
import type { ChangesRead, ToldChange } from '../store.js'
import { dismiss } from './follow.js'
import type { Follow, Link } from './link.js'
import { type Room, moveRoom } from './room.js'
import { type HubState, pushToFollower, roomAt } from './state.js'

export function offer(state: HubState, room: Room, epoch: string, told: ToldChange): void {
  const isNext = room.epoch === epoch && told.seq === room.head + 1
  if (isNext || (planted.hintTrusted && told.seq > room.head)) tellNext(state, room, epoch, told)
  else beyond(state, room, epoch, told.seq)
}

/** There is a change that the followers were not told of. */
export function beyond(state: HubState, room: Room, epoch: string, seq: number): void {
  if (room.epoch === epoch && seq <= room.head) return
  if (room.epoch === '' || room.epoch === epoch) room.ahead = Math.max(room.ahead, seq)
  state.node?.behind.add(room)
  void catchUp(state, room)
}

/** A link has been answered as of this place, which the others may not have been told of yet. */
export function answered(state: HubState, room: Room, epoch: string, head: number): void {
  if (room.epoch === '') moveRoom(room, epoch, head)
  beyond(state, room, epoch, head)
  const { behind } = state.node ?? {}
  if (!behind?.has(room)) return
  if (room.ahead > room.head || room.epoch !== epoch) void catchUp(state, room)
  else if (!room.asking) behind.delete(room)
}

/** One reading at a time for a room; what is heard of meanwhile makes it go on. */
export async function catchUp(state: HubState, room: Room): Promise<void> {
  // Unknown is where it begins: its first `open` is being read.
  if (room.asking || room.epoch === '') return
  room.asking = true
  try {
    while (await read(state, room));
  } catch (error) {
    const { logger = silentLogger } = state.options
    logger.error('read-failed', { conversation: room.conversation, ...errorFields(error) })
  }
  room.asking = false
}

/** True: there is more. */
async function read(state: HubState, room: Room): Promise<boolean> {
  const { tenant, conversation, head } = room
  room.ahead = 0
  const found = await state.options.store.changes({ tenant, conversation, after: head })
  if (roomAt(state, room) !== room) return false
  if (found && (found.epoch !== room.epoch || hasNoWay(room, found))) beginAnew(state, room, found)
  for (const told of found?.changes ?? []) if (told.seq === room.head + 1) tellNext(state, room, room.epoch, told)
  const isMissing = room.head < Math.max(found?.head ?? 0, room.ahead)
  // A store that names a head and no way there is asked again with the next look at its news.
  if (isMissing) return room.head > head || room.ahead > 0
  state.node?.behind.delete(room)
  if (room.marks.size) state.marked.add(room)
  state.writes.wake()
  return false
}

function tellNext(state: HubState, room: Room, epoch: string, { seq, tag, change, person }: ToldChange): void {
  const { conversation } = room
  if (change.kind === 'member') state.rosters.delete(keyOf(room.tenant, conversation))
  moveRoom(room, epoch, seq)
  const isShared = room.links.size > 1
  const frame: ServerFrame = { type: 'change', conversation, epoch, seq, tag, change, people: person && [person] }
  for (const link of [...room.links]) {
    const follow = link.follows.get(conversation)
    // Answered from a later state than the others were told of.
    if (follow?.epoch === epoch && seq <= follow.known) continue
    if (change.kind === 'member' && !change.joined && change.user === link.user) {
      dismiss(state, link, conversation, seq)
      continue
    }
    pushToFollower(state, link, conversation, frame)
    if (isShared) link.shared = true
  }
}

function hasNoWay({ head }: Room, found: ChangesRead): boolean {
  return found.head > head && found.changes[0]?.seq !== head + 1
}

/**
 * Another log stands under this name, or the store cannot say how its head came about. Followers are told the head and ask anew: not all
 * of them may be members still.
 */
function beginAnew(state: HubState, room: Room, { epoch, head }: ChangesRead): void {
  const { conversation } = room
  moveRoom(room, epoch, head)
  for (const link of room.links) {
    const follow = link.follows.get(conversation)
    if (follow && (follow.epoch !== epoch || follow.known < head)) lapse(state, room, link, follow)
  }
}

/** Told the head, it asks; what comes meanwhile would not follow what it has. */
export function lapse(state: HubState, { conversation, epoch, head }: Room, link: Link, follow: Follow): void {
  pushToFollower(state, link, conversation, { type: 'head', heads: [{ conversation, epoch, seq: head }] })
  // It has asked already: what comes meanwhile stands behind the answer.
  if (follow.opens > 0) follow.held ??= []
  else follow.lapsed = follow.held === undefined
}

/** Is the room further than this answer and what was told since? Another link may have been answered before it, from a later state. */
export function isBehind(room: Room, { epoch, head }: { epoch: string; head: number }, told: readonly ServerFrame[]): boolean {
  let reached = head
  for (const frame of told) if (frame.type === 'change' && frame.seq === reached + 1) reached = frame.seq
  return room.epoch !== epoch || reached < room.head
}
