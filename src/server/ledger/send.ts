/**
 * Writes of messages: one local id, one effect, for ever (R15). A known local id gets the first answer before anything else is
 * looked at; `after` is checked against the same table, in the same transaction (R12).
 */
import type { MessageRow } from '../../protocol/frames.js'
import type { Outcome, PostWrite, SendWrite, VoidWrite } from '../store.js'
import type { ConversationRecord } from '../tables.js'
import type { Ledger } from './ledger.js'
import { stranger } from './people.js'

/** The author under which the table keeps the ids of posts: no user has an empty id. */
const backend = ''
const taken = 0

export function send(ledger: Ledger, write: SendWrite): Outcome {
  const entered = enter(ledger, write)
  if ('outcome' in entered) return entered.outcome
  const { user, localId, content, at } = write
  return create(ledger, entered.conversation, { author: user, localId, content, at }, user, localId)
}

export function takeBack(ledger: Ledger, write: VoidWrite): Outcome {
  const entered = enter(ledger, write)
  if ('outcome' in entered) return entered.outcome
  ledger.tables.putLocalId(write, write.user, write.localId, taken)
  return { kind: 'known', epoch: entered.conversation.epoch }
}

export function post(ledger: Ledger, write: PostWrite): Outcome {
  const { tables } = ledger
  const conversation = tables.conversation(write)
  if (!conversation) return { kind: 'refused', code: 'not-found' }
  const { id, author, content, at } = write
  const seq = tables.localId(write, backend, id)
  const message = seq && tables.message(write, seq)
  if (!message) return create(ledger, conversation, { author, content, at }, backend, id)
  if (JSON.stringify(message.content) === JSON.stringify(content)) return { kind: 'known', epoch: conversation.epoch, seq, message }
  return revise(ledger, conversation, { ...message, content })
}

/** Membership, then the first answer, then the predecessor. */
function enter({ tables }: Ledger, write: SendWrite | VoidWrite): { outcome: Outcome } | { conversation: ConversationRecord } {
  const conversation = tables.conversation(write)
  if (!conversation || !tables.seat(write, write.user)?.active) return { outcome: { kind: 'refused', code: 'not-found' } }
  const { epoch } = conversation
  const known = planted.noDedupe ? undefined : tables.localId(write, write.user, write.localId)
  if (known === taken) return { outcome: { kind: 'known', epoch } }
  if (known !== undefined) return { outcome: { kind: 'known', epoch, seq: known, message: tables.message(write, known) } }
  if (write.after !== undefined && tables.localId(write, write.user, write.after) === undefined)
    return { outcome: { kind: 'refused', code: 'out-of-order' } }
  return { conversation }
}

interface Draft {
  readonly author: string
  readonly localId?: string
  readonly content: unknown
  readonly at: number
}

function create(ledger: Ledger, conversation: ConversationRecord, draft: Draft, owner: string, key: string): Outcome {
  const { tables, mint } = ledger
  const { author, localId, content, at } = draft
  const { messages: index } = conversation
  const seq = conversation.head + (planted.skipSeq && index % 9 === 8 ? 2 : 1)
  const id = mint()
  const message: MessageRow =
    localId === undefined ? { id, seq, index, rev: seq, at, author, content } : { id, seq, index, rev: seq, at, author, localId, content }
  tables.putLocalId(conversation, owner, key, seq)
  return commit(ledger, conversation, message, index + (planted.skipIndex ? 2 : 1))
}

function revise(ledger: Ledger, conversation: ConversationRecord, message: MessageRow): Outcome {
  return commit(ledger, conversation, { ...message, rev: planted.oldRev ? message.rev : conversation.head + 1 }, conversation.messages)
}

function commit(ledger: Ledger, conversation: ConversationRecord, message: MessageRow, messages: number): Outcome {
  const { tables, mint } = ledger
  const { epoch, tenant } = conversation
  const { author, localId = '', rev } = message
  const tag = mint()
  tables.putMessage(conversation, message)
  tables.putChange(conversation, { seq: rev, tag, message: message.seq, user: author, localId })
  const stamp = tables.nextStamp(tenant)
  tables.putConversation({ ...conversation, messages, head: rev, tag, stamp })
  const person = stranger(tables, conversation, author)
  return { kind: 'stored', epoch, stored: { seq: rev, tag, change: { kind: 'message', message } }, message, person, stamp }
}
