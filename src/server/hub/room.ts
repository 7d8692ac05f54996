/** A conversation that at least one link follows, and how far its followers have been told. */
import type { Mark } from '../../protocol/frames.js'
import type { Place } from '../store.js'
import type { Link } from './link.js'

export interface Room extends Place {
  epoch: string
  head: number
  readonly links: Set<Link>
  /** Watermarks moved in this tick. */
  readonly marks: Map<string, Mark>
  /** With several nodes: the highest `seq` heard of since the store was last asked, and whether it is being asked. */
  ahead: number
  asking: boolean
}

export function newRoom({ tenant, conversation }: Place, link: Link): Room {
  return { tenant, conversation, epoch: '', head: 0, links: new Set([link]), marks: new Map(), ahead: 0, asking: false }
}

/** Watermarks gathered under another epoch name other messages. */
export function moveRoom(room: Room, epoch: string, head: number): void {
  if (room.epoch !== '' && room.epoch !== epoch) room.marks.clear()
  room.epoch = epoch
  room.head = head
}
