/** A store over an engine's tables. All rules of the log live beneath this; engines keep rows. */
import type { Store } from '../store.js'
import type { Tables } from '../tables.js'
import { readChanges } from './changes.js'
import { readInbox } from './inbox.js'
import { createLines } from './lines.js'
import { type Journal, createJournal } from './journal.js'
import { readOpen, readPage } from './read.js'
import { readerOf } from './visible.js'
import { apply } from './write.js'

export function storeOver(tables: Tables): Store {
  const lines = createLines(tables)
  let journal: Journal | undefined
  const written: Tables['transaction'] = (run) => {
    try {
      return tables.transaction(run)
    } catch (error) {
      lines.forget()
      throw error
    }
  }
  return {
    async write(batch, mint) {
      const ledger = { tables, mint }
      const outcomes = written(() => {
        for (const { tenant } of batch) lines.begin(tenant, mint)
        return batch.map((write) => apply(ledger, write))
      })
      journal?.note(batch, outcomes)
      return outcomes
    },
    async open(at) {
      const reader = readerOf(tables, at)
      if (!reader) return undefined
      const { position } = at
      const read = readOpen(reader, planted.epochIgnored && position ? { ...position, epoch: reader.conversation.epoch } : position)
      return planted.rowLost && !read.reset ? { ...read, rows: read.rows.slice(1) } : read
    },
    async page(at) {
      const reader = readerOf(tables, at)
      return reader && readPage(reader, at.anchor, at.limit)
    },
    async inbox(at) {
      return readInbox({ tables, lines }, at)
    },
    async members(at) {
      return tables.seats(at, Number.MAX_SAFE_INTEGER).map((seat) => seat.user)
    },
    async changes(at) {
      return readChanges(tables, at)
    },
    async news(after) {
      journal ??= createJournal(tables)
      return journal.since(after)
    },
    async close() {
      tables.close()
    },
  }
}
