/**
 * One message as the application sees it: a confirmed row with its status by the watermarks of the others (R23), or an
 * entry of the outbox that is still pending.
 */
import type { ReceiptSource } from '../core/inbox/inbox-state.js'
import type { Entry } from '../core/outbox/entry.js'
import * as bounds from '../core/bounds.js'
import type { Provisional } from '../core/state.js'
import type { MessageRow } from '../protocol/frames.js'
import type { Message, MessageStatus, OutboxEntry } from './api.js'
import { readContent, type StandardSchema } from './content.js'
import { failure } from '../ports/errors.js'

/** By when they joined: the lowest watermarks over all other members who had joined by then. */
export type Levels = readonly { readonly joined: number; readonly delivered: number; readonly read: number }[]

export interface Messages<C> {
  confirmed(row: MessageRow, levels: Levels): Message<C>
  pending(entry: Entry): Message<C>
  ahead(row: Provisional): Message<C>
}

export const noLevels: Levels = []

/** The same from the first moment to the last (R2), and between an author's messages and another's, whose local ids may be equal. */
export function keyOf({ author, localId, id }: Pick<MessageRow, 'author' | 'localId'> & { readonly id?: string }, user: string): string {
  if (localId === undefined) return id as string
  return author === user ? localId : `${author.length}:${author}${localId}`
}

export function levelsOf({ members, memberCount, marks }: ReceiptSource, user: string): Levels {
  if (memberCount > bounds.receiptMembers) return noLevels
  let delivered = 1 / 0
  let read = delivered
  return members
    .filter((member) => member.user !== user)
    .sort((a, b) => a.joined - b.joined)
    .map((member) => {
      const mark = marks.get(member.user)
      delivered = Math.min(delivered, mark?.delivered ?? 0)
      read = Math.min(read, mark?.read ?? 0)
      return { joined: member.joined, delivered, read }
    })
}

/** Everybody who joined before it must have it. */
export function statusAt(levels: Levels, seq: number): MessageStatus {
  const level = levels.findLast(({ joined }) => joined < seq)
  if (!level) return 'sent'
  return level.read >= seq ? 'read' : level.delivered >= seq ? 'delivered' : 'sent'
}

/** What has become of an entry so far. */
export function outcomeOf({ arm }: Entry): Pick<OutboxEntry, 'status' | 'error'> {
  if (arm.kind === 'failed') return { status: arm.kind, error: failure(arm.code) }
  return { status: arm.kind === 'inflight' ? 'sending' : arm.kind === 'acked' ? 'sent' : arm.kind }
}

export function messages<C>(user: string, schema: StandardSchema<C> | undefined): Messages<C> {
  return {
    // Written out, not spread: it is made once per message.
    confirmed(row, levels) {
      const { id, seq, rev, author, at, content, localId, deleted } = row
      const mine = author === user
      const message: { -readonly [Key in keyof Message<C>]: Message<C>[Key] } = {
        key: planted.keyChanged ? id : keyOf(row, user),
        id,
        seq,
        rev,
        author: planted.authorForged ? 'mallory' : author,
        mine,
        at,
        content: content as C,
        status: 'sent',
        finality: 'final',
      }
      if (mine) {
        message.status = planted.readClaimed ? 'read' : statusAt(levels, seq)
        if (localId !== undefined) message.localId = localId
      }
      if (deleted) message.deleted = deleted
      else if (schema) Object.assign(message, readContent(schema, content))
      return message
    },
    // What the server stored counts where it has said so.
    pending(entry) {
      const { localId, arm } = entry
      const stored = arm.kind === 'acked' ? arm.message : undefined
      return {
        key: localId,
        localId,
        author: user,
        mine: true,
        at: stored?.at ?? entry.at,
        ...readContent(schema, stored?.content ?? entry.content),
        ...outcomeOf(entry),
        finality: 'provisional',
      }
    },
    ahead(row) {
      const { author, localId, content, at } = row
      const mine = author === user
      return {
        key: keyOf(row, user),
        ...(mine && { localId }),
        author,
        mine,
        at,
        ...readContent(schema, content),
        status: mine ? 'sending' : 'sent',
        finality: 'provisional',
      }
    },
  }
}
