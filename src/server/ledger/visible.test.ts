/** What a reader may see costs what they are shown, not what is hidden from them. */
import { expect, it } from 'vitest'
import { countingStore } from '../../../test/fakes/counting-tables.js'
import type { Store, StoreWrite } from '../store.js'

let minted = 0
const mint = () => `m${++minted}`
const at = { tenant: '', conversation: 'c' }

/** bob has come back after so many messages that are hidden from him. */
async function returned(store: Store, hidden: number) {
  const put = (members: string[]): StoreWrite => ({ kind: 'put', ...at, members, history: 'from-join' })
  const send = (n: number): StoreWrite => ({ kind: 'send', ...at, user: 'ann', localId: `x${n}`, content: n, at: 1 })
  await store.write([put(['ann', 'bob']), send(-1), put(['ann'])], mint)
  for (let n = 0; n < hidden; n += 1_000)
    await store.write(
      Array.from({ length: Math.min(1_000, hidden) }, (_, i) => send(n + i)),
      mint,
    )
  await store.write([put(['ann', 'bob'])], mint)
}

it('R7: who has come back costs the same reads however much was said meanwhile', async () => {
  const costs: unknown[] = []
  for (const hidden of [100, 1_000]) {
    const { store, reads } = countingStore()
    await returned(store, hidden)
    reads()
    const { rows } = await store.inbox({ tenant: '', user: 'bob' })
    const open = await store.open({ ...at, user: 'bob' })
    expect([rows[0]?.last?.content, open?.rows.map(({ content }) => content)]).toEqual([-1, [-1]])
    costs.push(reads().messages)
  }
  expect(costs[1]).toEqual(costs[0])
})
