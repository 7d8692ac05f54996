/** The verbs that no log remembers: receipts (registers, R21), typing (relayed, never stored), ping. */
import type { ClientFrame, Head } from '../../protocol/frames.js'
import { topicOf } from '../bus.js'
import { tellMarked, tellRoom } from './fan-out.js'
import { showed } from './follow.js'
import type { Link } from './link.js'
import { type HubState, push, roomAt, say } from './state.js'

type FrameOf<T extends ClientFrame['type']> = Extract<ClientFrame, { type: T }>

export function receipt(state: HubState, link: Link, { conversation, epoch, delivered, read, marked }: FrameOf<'receipt'>): void {
  const at = { tenant: link.tenant, conversation, user: link.user }
  const follow = link.follows.get(conversation)
  const room = roomAt(state, at)
  // A watermark may be of a log that a restored backup has cut: what comes next is not known by it.
  if (follow && room?.epoch === epoch) showed(follow, epoch, Math.min(Math.max(delivered ?? 0, read ?? 0), room.head))
  state.writes.add({ kind: 'mark', ...at, epoch, delivered, read, marked }, (outcome) => {
    if (outcome?.kind !== 'marked') return
    if (outcome.moved || outcome.stamp !== undefined) return tellMarked(state, at, outcome)
    // Covered already: the register that asked must hear it to leave.
    push(state, link, { type: 'marks', conversation, epoch: outcome.epoch, marks: [outcome.mark] })
  })
}

/** Only from one who follows, so who was admitted; never back to the same user. */
export function typing(state: HubState, link: Link, { conversation, on }: FrameOf<'typing'>): void {
  const follow = link.follows.get(conversation)
  const room = roomAt(state, { tenant: link.tenant, conversation })
  if (!room || !follow || follow.held || follow.lapsed) return
  const { tenant, user } = link
  tellRoom(state, room, { type: 'typing', conversation, user, on }, user)
  if (state.node) say(state, topicOf(room), { kind: 'typing', tenant, conversation, epoch: room.epoch, head: room.head, user, on })
}

/**
 * Names every head that the client has not shown to know of, else a lost last change is never noticed (R5); and again until it has,
 * for a pong can be lost too.
 */
export function ping(state: HubState, link: Link, { n }: FrameOf<'ping'>): void {
  const heads: Head[] = []
  for (const [conversation, follow] of link.follows) {
    const room = roomAt(state, { tenant: link.tenant, conversation })
    if (!room || follow.held || (room.epoch === follow.epoch && room.head <= follow.known)) continue
    heads.push({ conversation, epoch: room.epoch, seq: room.head })
  }
  push(state, link, { type: 'pong', n, heads })
}
