/** All messages of the conversation `c`, in the order of its log, as the store has them. */
import type { MessageRow } from '../../src/protocol/frames.js'
import type { Store } from '../../src/server/index.js'

export async function readAll(store: Store): Promise<MessageRow[]> {
  const rows: MessageRow[] = []
  for (;;) {
    const page = await store.page({ tenant: '', conversation: 'c', user: 'ann', anchor: { after: rows.at(-1)?.seq ?? 0 }, limit: 100 })
    if (!page?.rows.length) return rows
    rows.push(...page.rows)
  }
}
