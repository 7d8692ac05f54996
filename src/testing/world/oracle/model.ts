/** What a conversation's log is: the model that everything a client shows or stores is held against. It shares no code with the product. */
import type { MessageRow } from '../../../protocol/frames.js'

export interface TrueChange {
  readonly seq: number
  readonly tag: string
  /** The place of the message it touched, and its state since; 0 and null for other changes. */
  readonly place: number
  readonly row: MessageRow | null
}

/** A time of membership: what stands in (joined, left) is seen, and where it opens the past all before it too. */
export interface Stint {
  readonly joined: number
  readonly left: number
  readonly opensPast: boolean
}

/** A log up to its head: changes in order, places of messages by index, their states oldest first, who was in when. */
export interface LogModel {
  readonly changes: readonly TrueChange[]
  readonly places: readonly number[]
  readonly states: ReadonlyMap<number, readonly MessageRow[]>
  readonly stints: ReadonlyMap<string, readonly Stint[]>
}

/** The state of a message that the head knows. */
export const stateAt = ({ states }: LogModel, place: number, head: number): MessageRow | undefined =>
  states.get(place)?.findLast(({ rev }) => rev <= head)

/** May this user, who knows the log up to `head`, see what stands there? */
export function isVisible({ stints }: LogModel, user: string, place: number, head: number): boolean {
  for (const { joined, left, opensPast } of stints.get(user) ?? [])
    if (joined <= head && (place > joined ? place < left : opensPast)) return true
  return false
}

export const isMember = ({ stints }: LogModel, user: string): boolean => stints.get(user)?.at(-1)?.left === Number.POSITIVE_INFINITY

/** The index of the first message with a place of at least this. */
export function indexFrom({ places }: LogModel, place: number): number {
  let low = 0
  for (let high = places.length; low < high; ) {
    const middle = (low + high) >>> 1
    if ((places[middle] as number) < place) low = middle + 1
    else high = middle
  }
  return low
}

/** Messages of others in (read, head] that this user may see. */
export function unreadIn(log: LogModel, user: string, read: number, head: number): number {
  const isUnread = (place: number) => log.states.get(place)?.[0]?.author !== user && isVisible(log, user, place, head)
  let count = 0
  for (let i = indexFrom(log, read + 1); i < log.places.length && (log.places[i] as number) <= head; i++)
    if (isUnread(log.places[i] as number)) count += 1
  return count
}
