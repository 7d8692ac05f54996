/** The log as it goes to followers: what a node reads that has missed the news of some changes. */
import { byteLength } from '../bytes.js'
import type { Change, Person } from '../../protocol/frames.js'
import * as limits from '../../protocol/limits.js'
import { serverLimits } from '../../protocol/server-limits.js'
import type { ChangesRead, Place, ToldChange } from '../store.js'
import type { ChangeRecord, ConversationRecord, Tables } from '../tables.js'
import { stranger } from './people.js'

export function readChanges(tables: Tables, at: Place & { readonly after: number }): ChangesRead | undefined {
  const conversation = tables.conversation(at)
  if (!conversation) return undefined
  const { epoch, head } = conversation
  const changes: ToldChange[] = []
  let bytes = 0
  for (const record of tables.changes(at, at.after, Math.min(head, at.after + limits.pageRows))) {
    if (isOvertaken(tables, conversation, record)) break
    const told = toldOf(tables, conversation, record)
    bytes += byteLength(JSON.stringify(told))
    if (changes.length && bytes > serverLimits.pageBytes) break
    changes.push(told)
  }
  return { epoch, head, changes }
}

/** What it made has changed again: nobody can say any more what it was, and its followers may not all see what it is. */
function isOvertaken(tables: Tables, at: ConversationRecord, { seq, message: place, user }: ChangeRecord): boolean {
  if (place) return (tables.message(at, place)?.rev ?? 0) > seq
  return user === '' && tables.changes(at, seq, at.head).some((later) => later.user === '' && later.message === 0)
}

function toldOf(tables: Tables, conversation: ConversationRecord, record: ChangeRecord): ToldChange {
  const { seq, tag, user } = record
  const change = changeOf(tables, conversation, record)
  return { seq, tag, change, person: personOf(tables, conversation, change, user) }
}

/** No row says what a change of no message was: who it names, and when that member came and went, does. */
function changeOf(tables: Tables, conversation: ConversationRecord, { seq, message: place, user }: ChangeRecord): Change {
  const message = place ? tables.message(conversation, place) : undefined
  if (message) return { kind: 'message', message }
  if (user === '') return { kind: 'profile', profile: conversation.profile }
  const stints = tables.seat(conversation, user)?.stints ?? []
  return { kind: 'member', user, joined: stints.some(({ joined }) => joined === seq) }
}

function personOf(tables: Tables, conversation: ConversationRecord, change: Change, user: string): Person | undefined {
  if (change.kind === 'message') return stranger(tables, conversation, user)
  const profile = change.kind === 'member' && change.joined ? tables.person(conversation.tenant, user) : undefined
  return profile && { user, profile }
}
