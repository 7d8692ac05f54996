/** A process that writes without end and says on its output what was acknowledged, to be killed in the middle of it. */
import { writeSync } from 'node:fs'
import { sqliteStore } from '../../src/server/sqlite-store.js'

const [path = '', round = ''] = process.argv.slice(2)
const store = sqliteStore({ path })
const place = { tenant: '', conversation: 'c' }
let minted = 0
const mint = () => `${round}-${++minted}`

await store.write([{ kind: 'put', ...place, members: ['ann'] }], mint)
for (let n = 0; ; n += 8) {
  const sends = Array.from(
    { length: 8 },
    (_, i) => ({ kind: 'send', ...place, user: 'ann', localId: `${round}.${n + i}`, content: { n: n + i }, at: n }) as const,
  )
  const outcomes = await store.write(sends, mint)
  writeSync(
    1,
    outcomes.map((outcome, i) => `${sends[i]?.localId} ${outcome.kind === 'stored' ? outcome.stored.seq : outcome.kind}\n`).join(''),
  )
}
