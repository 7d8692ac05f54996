/**
 * Whom an answer names (R25), the most useful first, within bounds: the authors of its rows, from the newest row on, then members,
 * from the newest on. What is beyond is left to the application's own directory.
 */
import { byteLength } from '../bytes.js'
import type { MessageRow, Person } from '../../protocol/frames.js'
import { serverLimits } from '../../protocol/server-limits.js'
import type { ConversationRecord, Tables } from '../tables.js'
import type { Reader } from './visible.js'

/** Members named beside the authors, where an answer does not list the members. */
export const listedPeople = 8
/** Bytes of profiles in one answer. */
const peopleBytes = 128 * 1024

export function peopleOf({ tables, conversation }: Reader, rows: readonly MessageRow[], members: number): Person[] {
  const users = new Set<string>()
  for (let i = rows.length - 1; i >= 0; i--) users.add((rows[i] as MessageRow).author)
  for (const user of members ? tables.newest(conversation, members) : []) users.add(user)
  const people: Person[] = []
  let bytes = 0
  for (const user of users) {
    const profile = tables.person(conversation.tenant, user)
    if (!profile) continue
    bytes += byteLength(JSON.stringify(profile))
    if (bytes > peopleBytes) break
    people.push({ user, profile })
  }
  return people
}

/** Followers were told the people of the members; an author beyond those comes with the change. */
export function stranger(tables: Tables, conversation: ConversationRecord, author: string): Person | undefined {
  if (conversation.members <= serverLimits.members && tables.seat(conversation, author)?.active) return undefined
  const profile = tables.person(conversation.tenant, author)
  return profile && { user: author, profile }
}
