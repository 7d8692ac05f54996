/** A sent message's status from the watermarks of the others (R23): everybody who joined before it must have it. */
import type { ReceiptSource } from '../core/inbox/inbox-state.js'
import { bounds } from '../core/timing.js'
import type { MessageStatus } from './api.js'

/** Lowest watermarks over the members who joined before a place, by when they joined. */
export interface Levels {
  readonly joined: readonly number[]
  readonly delivered: readonly number[]
  readonly read: readonly number[]
}

export const noLevels: Levels = { joined: [], delivered: [], read: [] }

export function levelsOf({ members, memberCount, marks }: ReceiptSource, user: string): Levels {
  if (memberCount > bounds.receiptMembers) return noLevels
  const others = members.filter((member) => member.user !== user).sort((a, b) => a.joined - b.joined)
  const delivered: number[] = []
  const read: number[] = []
  for (const [i, member] of others.entries()) {
    const mark = marks.get(member.user)
    delivered.push(Math.min(delivered[i - 1] ?? Number.POSITIVE_INFINITY, mark?.delivered ?? 0))
    read.push(Math.min(read[i - 1] ?? Number.POSITIVE_INFINITY, mark?.read ?? 0))
  }
  return { joined: others.map((member) => member.joined), delivered, read }
}

export function statusAt({ joined, delivered, read }: Levels, seq: number): MessageStatus {
  let counted = 0
  while (counted < joined.length && (joined[counted] as number) < seq) counted += 1
  if (counted === 0) return 'sent'
  if ((read[counted - 1] as number) >= seq) return 'read'
  return (delivered[counted - 1] as number) >= seq ? 'delivered' : 'sent'
}
