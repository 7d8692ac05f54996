/**
 * Rows in one SQLite file. One process has the file, so the present state of conversations is kept beside it: written
 * through, and forgotten when a transaction fails.
 */
import { keyOf } from '../key.js'
import type { Place } from '../store.js'
import { type ConversationRecord, keptLines, type Line, type Tables } from '../tables.js'
import type { OpenFile } from './engine.js'
import { type ConversationSql, changeOf, conversationOf, messageOf, seatOf, seatedOf } from './rows.js'
import type { Queries } from './schema.js'
import { type SqlText, textOf } from './text.js'

/** Conversations whose present state is kept in memory. */
const keptConversations = 10_000
/** No conversation has this id: SQLite counts from 1. */
const nowhere = 0

interface Kept {
  readonly cid: number
  record: ConversationRecord
}

export function sqliteTables(file: OpenFile, q: Queries): Tables {
  const kept = new Map<string, Kept>()

  function keep(made: Kept): Kept {
    const [oldest] = kept.keys()
    if (oldest !== undefined && kept.size >= keptConversations) kept.delete(oldest)
    kept.set(keyOf(made.record.tenant, made.record.conversation), made)
    return made
  }

  function find(at: Place): Kept | undefined {
    const known = kept.get(keyOf(at.tenant, at.conversation))
    if (known) return known
    const row = q.conversation.get(at.tenant, at.conversation) as ConversationSql | undefined
    return row && keep({ cid: row.cid, record: conversationOf(row) })
  }

  const cidOf = (at: Place) => find(at)?.cid ?? nowhere

  return {
    transaction(run) {
      q.begin.run()
      try {
        const result = run()
        q.commit.run()
        return result
      } catch (error) {
        kept.clear()
        rollBack(q)
        throw error
      }
    },
    conversation: (at) => find(at)?.record,
    putConversation(record) {
      const { tenant, conversation, epoch, head, tag, messages, members, history, stamp } = record
      const profile = JSON.stringify(record.profile)
      const found = find(record)
      if (found) {
        found.record = record
        q.setConversation.run(epoch, head, tag, messages, members, profile, history, stamp, found.cid)
        return
      }
      const values = [tenant, conversation, epoch, head, tag, messages, members, profile, history, stamp]
      keep({ cid: (q.addConversation.get(...values) as { cid: number }).cid, record })
    },
    person(tenant, user) {
      const row = q.person.get(tenant, user) as { profile: string } | undefined
      return row && JSON.parse(row.profile)
    },
    putPerson(tenant, user, profile) {
      q.putPerson.run(tenant, user, JSON.stringify(profile))
    },
    nextStamp: (tenant) => (q.nextStamp.get(tenant) as { stamp: number }).stamp,
    lastStamp: (tenant) => (q.lastStamp.get(tenant) as { stamp: number } | undefined)?.stamp ?? 0,
    lines: (tenant) => q.lines.all(tenant) as Line[],
    putLine(tenant, { name, from }) {
      q.putLine.run(tenant, from, name)
      q.dropLines.run(tenant, tenant, keptLines - 1)
    },
    close: file.close,
    ...seatTables(q, cidOf),
    ...changeTables(q, cidOf),
    ...messageTables(q, cidOf),
  }
}

/** Some failures have rolled back already; then there is nothing to end. */
function rollBack(q: Queries): void {
  try {
    q.rollback.run()
  } catch {
    // The first error tells what happened.
  }
}

type CidOf = (at: Place) => number

function seatTables(q: Queries, cidOf: CidOf): Pick<Tables, 'seat' | 'putSeat' | 'seats' | 'newest' | 'seated' | 'conversationsOf'> {
  return {
    seat(at, user) {
      const row = q.seat.get(cidOf(at), user)
      return row === undefined ? undefined : seatOf(row)
    },
    putSeat(at, { user, active, stints, delivered, read, marked, stamp }) {
      q.putSeat.run(cidOf(at), at.tenant, user, active ? 1 : 0, JSON.stringify(stints), delivered, read, stamp, marked.at, marked.rev)
    },
    seats: (at, limit) => q.seats.all(cidOf(at), limit).map(seatOf),
    newest: (at, limit) => q.newest.all(cidOf(at), limit).map((row) => textOf((row as { user: SqlText }).user)),
    seated: ({ tenant, user, after, to, newestFirst, limit }) =>
      (newestFirst ? q.seatedNewest : q.seatedOldest).all(tenant, user, after, to, limit).map(seatedOf),
    conversationsOf: (tenant, user) => q.conversationsOf.all(tenant, user).map((row) => textOf((row as { id: SqlText }).id)),
  }
}

function changeTables(q: Queries, cidOf: CidOf): Pick<Tables, 'localId' | 'putLocalId' | 'tag' | 'putChange' | 'changes'> {
  return {
    localId: (at, author, localId) => (q.localId.get(cidOf(at), author, localId) as { seq: number } | undefined)?.seq,
    putLocalId(at, author, localId, seq) {
      q.putLocalId.run(cidOf(at), author, localId, seq)
    },
    tag: (at, seq) => (q.tag.get(cidOf(at), seq) as { tag: string } | undefined)?.tag,
    putChange(at, { seq, tag, message, user, localId }) {
      q.putChange.run(cidOf(at), seq, tag, message, user, localId)
    },
    changes: (at, from, to) => q.changes.all(cidOf(at), from, to).map(changeOf),
  }
}

function messageTables(q: Queries, cidOf: CidOf): Pick<Tables, 'message' | 'putMessage' | 'messages' | 'countMessages' | 'countUnread'> {
  const count = (row: unknown) => (row as { n: number }).n
  return {
    message(at, seq) {
      const row = q.message.get(cidOf(at), seq)
      return row === undefined ? undefined : messageOf(row)
    },
    putMessage(at, { seq, index, rev, id, at: time, author, localId = null, content, deleted }) {
      const text = content === undefined ? null : JSON.stringify(content)
      q.putMessage.run(cidOf(at), seq, index, rev, id, time, author, localId, text, deleted ? 1 : 0)
    },
    messages: (at, { after, before, newestFirst, limit }) =>
      (newestFirst ? q.messagesNewest : q.messagesOldest).all(cidOf(at), after, before, limit).map(messageOf),
    countMessages: (at, from, to) => count(q.countMessages.get(cidOf(at), from, to)),
    countUnread: (at, user, { after, before }, limit) => count(q.countUnread.get(cidOf(at), after, before, user, limit)),
  }
}
