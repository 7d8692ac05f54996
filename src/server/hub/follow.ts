/** Who follows what: joining and leaving the fan-out of a conversation. */
import { keyOf } from '../key.js'
import { topicOf } from '../bus.js'
import { type Follow, type Link, noFollows } from './link.js'
import { ignore, listen } from './node.js'
import { newRoom } from './room.js'
import { type HubState, push, roomAt, touch } from './state.js'

/** Joins the fan-out; frames are held until `admit`. A conversation followed already stays as it is, unless it has lapsed. */
export function follow(state: HubState, link: Link, conversation: string): Follow {
  const held = link.follows.get(conversation)
  if (held?.lapsed) Object.assign(held, { lapsed: false, held: [] })
  if (held) return held
  const made: Follow = { held: [], opens: 0, lapsed: false, epoch: '', known: 0, seenAt: 0, floor: 0, hidden: [] }
  if (link.follows === noFollows) link.follows = new Map()
  link.follows.set(conversation, made)
  const at = { tenant: link.tenant, conversation }
  const room = roomAt(state, at)
  if (room) {
    room.links.add(link)
    return made
  }
  state.rooms.set(keyOf(link.tenant, conversation), newRoom(at, link))
  if (state.node) listen(state.node, topicOf(at))
  return made
}

/** The client asked from here, was answered up to here, or raised a watermark to here. */
export function showed(follow: Follow, epoch: string, seq: number): void {
  follow.known = follow.epoch === epoch ? Math.max(follow.known, seq) : seq
  follow.epoch = epoch
}

export function unfollow(state: HubState, link: Link, conversation: string): void {
  const follow = link.follows.get(conversation)
  if (!follow) return
  link.follows.delete(conversation)
  // Its row was left out of the list meanwhile, and what is on its way the reader takes no more.
  if (!follow.held && !planted.rowForgotten) touch(state, link, conversation)
  const room = roomAt(state, { tenant: link.tenant, conversation })
  room?.links.delete(link)
  if (!room || room.links.size > 0) return
  state.rooms.delete(keyOf(link.tenant, conversation))
  if (state.node) ignore(state.node, topicOf(room))
}

/** The user was removed: `left` is the last frame of this conversation, answers on their way are void (R27). */
export function dismiss(state: HubState, link: Link, conversation: string, seq: number): void {
  for (const reading of link.readings ?? []) if (reading.conversation === conversation) reading.cancelled = true
  if (!planted.toldAfterRemoval) unfollow(state, link, conversation)
  push(state, link, { type: 'left', conversation, seq, why: 'removed' })
  // Who was taken in again since hears it behind that.
  touch(state, link, conversation)
}
