/**
 * Power cuts under the SQLite store: what was acknowledged survives them, and would not without `synchronous = FULL` (L1). A kill keeps
 * what the system has in memory; to lose it, this runs the store's own tables over an engine whose file calls can be seen: SQLite as
 * WebAssembly, in WAL mode, with the cuts between any two of those calls.
 *   CUTS=300 npm run soak -- power
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import wasm from 'node-sqlite3-wasm'
import { afterAll, expect, it } from 'vitest'
import type { Store } from '../../src/server/index.js'
import { storeOver } from '../../src/server/ledger/store-over.js'
import type { Database } from '../../src/server/sqlite/engine.js'
import { prepareSchema } from '../../src/server/sqlite/schema.js'
import { sqliteTables } from '../../src/server/sqlite/tables.js'
import { seeded } from '../../src/testing/index.js'
import { readAll } from './read-all.js'
import { type WatchedDisk, watchDisk } from './watched-disk.js'

const cuts = Number(process.env.CUTS ?? 15)
const root = mkdtempSync(join(tmpdir(), 'chatloom-'))
afterAll(() => rmSync(root, { recursive: true }))

/** Small, so that a cut often falls into one. */
const pagesToCheckpoint = 30

function openStore(path: string, synchronous: 'FULL' | 'OFF'): Store {
  const own = new wasm.Database(path)
  own.exec(`PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = ${synchronous}`)
  own.exec(`PRAGMA wal_autocheckpoint = ${pagesToCheckpoint}`)
  const statements: { finalize(): void }[] = []
  const database: Database = {
    exec: (sql) => own.exec(sql),
    prepare(sql) {
      const statement = own.prepare(sql)
      statements.push(statement)
      return {
        run: (...values) => statement.run(values),
        // Its own `get` leaves the statement in progress.
        get: (...values) => statement.all(values)[0],
        all: (...values) => statement.all(values),
      }
    },
    close() {
      for (const statement of statements) statement.finalize()
      own.close()
    },
  }
  return storeOver(sqliteTables({ database, close: database.close }, prepareSchema(database, path)))
}

const place = { tenant: '', conversation: 'c' }

async function write(store: Store, from: number, count: number): Promise<[string, number][]> {
  const sends = Array.from({ length: count }, (_, i) => {
    const localId = `m${from + i}`
    return { kind: 'send', ...place, user: 'ann', localId, content: { n: from + i, pad: 'x'.repeat(300) }, at: from } as const
  })
  let minted = from * 100
  const outcomes = await store.write(sends, () => `i${++minted}`)
  return outcomes.map((outcome, i) => [sends[i]?.localId ?? '', outcome.kind === 'stored' ? outcome.stored.seq : -1])
}

/** Writes until the power fails at a drawn call; returns what had been acknowledged by then. */
async function lifeOn(
  disk: WatchedDisk,
  path: string,
  into: string,
  synchronous: 'FULL' | 'OFF',
  seed: number,
): Promise<Map<string, number>> {
  const random = seeded(seed)
  const first = openStore(path, 'FULL')
  await first.write([{ kind: 'put', ...place, members: ['ann'] }], () => 'e')
  await first.close()
  disk.settle()
  const store = openStore(path, synchronous)
  const acked = new Map<string, number>()
  const dueAt = disk.calls() + 1 + Math.floor(random() * 400)
  let isCut = false
  disk.onCall(() => {
    if (isCut || disk.calls() < dueAt) return
    isCut = true
    disk.cut(into, random)
  })
  for (let n = 0; !isCut; ) {
    const count = 1 + Math.floor(random() * 8)
    const written = await write(store, n, count)
    n += count
    // A cut in the middle of it: nobody has heard of it.
    if (!isCut) for (const [localId, seq] of written) acked.set(localId, seq)
  }
  await store.close()
  return acked
}

interface Cut {
  readonly acked: number
  /** Acknowledged, and not at its place after the cut. */
  readonly lost: number
  /** What is wrong with the log besides. */
  readonly flaw: string | undefined
}

async function cutOff(synchronous: 'FULL' | 'OFF', seed: number): Promise<Cut> {
  const folder = join(root, `${synchronous}-${seed}`)
  const after = `${folder}-after`
  mkdirSync(folder)
  const disk = watchDisk(folder)
  let acked: Map<string, number>
  try {
    acked = await lifeOn(disk, join(folder, 'chat.db'), after, synchronous, seed)
  } finally {
    disk.end()
  }
  try {
    const store = openStore(join(after, 'chat.db'), 'FULL')
    const rows = await readAll(store)
    await store.close()
    const places = new Map(rows.map(({ localId = '', seq }) => [localId, seq]))
    const isDense = rows.every(({ seq, index }, i) => seq === i + 1 && index === i) && places.size === rows.length
    const lost = [...acked].filter(([localId, seq]) => places.get(localId) !== seq).length
    return { acked: acked.size, lost, flaw: isDense ? undefined : 'a hole or a double' }
  } catch (error) {
    return { acked: acked.size, lost: acked.size, flaw: String(error) }
  }
}

async function all(synchronous: 'FULL' | 'OFF'): Promise<Cut[]> {
  const found: Cut[] = []
  for (let seed = 1; seed <= cuts; seed++) found.push(await cutOff(synchronous, seed))
  const sum = (of: (cut: Cut) => number) => found.reduce((total, cut) => total + of(cut), 0)
  console.info(
    `synchronous = ${synchronous}: ${cuts} power cuts, ${sum(({ acked }) => acked)} acknowledged, ${sum(({ lost }) => lost)} lost, in ${sum(({ lost }) => (lost > 0 ? 1 : 0))} cuts`,
  )
  return found
}

it('loses nothing acknowledged over power cuts (L1)', { timeout: 60_000 + cuts * 200 }, async () => {
  const found = await all('FULL')
  expect(found.filter(({ lost, flaw }) => lost > 0 || flaw !== undefined)).toEqual([])
  expect(found.reduce((total, { acked }) => total + acked, 0)).toBeGreaterThan(cuts * 10)
})

it('would lose it with synchronous = OFF', { timeout: 60_000 + cuts * 200 }, async () => {
  const found = await all('OFF')
  expect(found.filter(({ lost }) => lost > 0).length).toBeGreaterThan(cuts / 2)
})
