/** Both embedded stores keep one specification. */
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { memoryStore, sqliteStore } from '../../src/server/index.js'
import { createMemoryStore } from '../../src/server/memory-store.js'
import type { MemoryData } from '../../src/server/memory-tables.js'
import { openFile } from '../../src/server/sqlite/engine.js'
import { storeSuite } from '../../src/testing/store-suite.js'

describe('the memory store', () => {
  for (const { name, run } of storeSuite(() => ({ store: memoryStore() }))) it(name, run)

  it('restored from a backup takes no cursor with which more was told than it knows of', async () => {
    const ann = { tenant: '', user: 'ann' }
    const data: MemoryData = new Map()
    const store = createMemoryStore(data)
    const put = (conversation: string) => store.write([{ kind: 'put', tenant: '', conversation, members: ['ann'] }], () => conversation)
    await put('c')
    const { next: cursor } = await store.inbox(ann)
    const restored = createMemoryStore(structuredClone(data))
    await put('d')
    const told = await store.inbox({ ...ann, cursor, news: { conversations: ['d'], stamp: 0 } })
    const asked = async (cursor: string) => {
      const { prev, rows } = await restored.inbox({ ...ann, cursor })
      return { prev, rows: rows.map(({ conversation }) => conversation) }
    }
    expect(told).toMatchObject({ prev: cursor, rows: [{ conversation: 'd' }] })
    expect(await asked(told.next)).toEqual({ prev: undefined, rows: ['c'] })
    expect(await asked(cursor)).toEqual({ prev: cursor, rows: [] })
  })
})

describe('the specification', () => {
  it.each<Planted>([{ noDedupe: true }, { staleReceipts: true }, { lowerMarks: true }])('catches %o', async (bugs) => {
    globalThis.planted = bugs
    const failed: string[] = []
    for (const { name, run } of storeSuite(() => ({ store: createMemoryStore() }))) await run().catch(() => failed.push(name))
    expect(failed).not.toEqual([])
  })
})

function folder() {
  const path = mkdtempSync(join(tmpdir(), 'chatloom-'))
  return { file: join(path, 'chat.db'), dispose: () => rmSync(path, { recursive: true }) }
}

describe('the SQLite store', () => {
  const cases = storeSuite(() => {
    const { file, dispose } = folder()
    return { store: sqliteStore({ path: file }), dispose }
  })
  for (const { name, run } of cases) it(name, run)

  it('keeps everything over a reopening', async () => {
    const { file, dispose } = folder()
    const mint = () => Math.random().toString(36)
    const place = { tenant: '', conversation: 'c' }
    const send = (localId: string) => ({ kind: 'send', ...place, user: 'ann', localId, content: { localId }, at: 1 }) as const
    const first = sqliteStore({ path: file })
    await first.write([{ kind: 'put', ...place, members: ['ann'] }, send('a'), send('b')], mint)
    const before = await first.open({ ...place, user: 'ann' })
    await first.close()
    const second = sqliteStore({ path: file })
    expect(await second.open({ ...place, user: 'ann' })).toEqual(before)
    expect(await second.write([send('b'), send('c')], mint)).toMatchObject([
      { kind: 'known', seq: 2 },
      { kind: 'stored', stored: { seq: 3 } },
    ])
    await second.close()
    dispose()
  })

  it('takes a cursor of the list over a reopening, and none of a line that a restored backup ended', async () => {
    const { file, dispose } = folder()
    let minted = 0
    const at = (conversation: string) => ({ tenant: '', conversation })
    /** One life of a server: sends so many messages, and reads what is new since the cursor. */
    async function life(cursor: string | undefined, conversation: string, count: number) {
      const store = sqliteStore({ path: file })
      const send = (localId: string) => ({ kind: 'send', ...at(conversation), user: 'ann', localId, content: localId, at: 1 }) as const
      const sends = Array.from({ length: count }, () => send(`${++minted}`))
      await store.write([{ kind: 'put', ...at(conversation), members: ['ann'] }, ...sends], () => `id${++minted}`)
      const { prev, next, rows } = await store.inbox({ tenant: '', user: 'ann', ...(cursor === undefined ? {} : { cursor }) })
      await store.close()
      return { prev, next, names: rows.map((row) => row.conversation).sort() }
    }
    const first = await life(undefined, 'c', 2)
    copyFileSync(file, `${file}.backup`)
    const second = await life(first.next, 'd', 2)
    expect(second).toMatchObject({ prev: first.next, names: ['d'] })
    const later = await life(second.next, 'c', 1)
    expect(later).toMatchObject({ prev: second.next, names: ['c'] })
    copyFileSync(`${file}.backup`, file)
    // More is written than was lost: by its number alone the cursor would count.
    const restored = await life(later.next, 'e', 9)
    expect(restored).toMatchObject({ prev: undefined, names: ['c', 'e'] })
    expect(await life(first.next, 'c', 1)).toMatchObject({ prev: first.next, names: ['c', 'e'] })
    dispose()
  })

  it('opens a file of format 1, which knows no mark of unread, and keeps what it holds', async () => {
    const { file, dispose } = folder()
    const place = { tenant: '', conversation: 'c' }
    const first = sqliteStore({ path: file })
    await first.write([{ kind: 'put', ...place, members: ['ann'] }], () => 'e')
    const before = await first.open({ ...place, user: 'ann' })
    await first.close()
    const opened = openFile(file)
    opened.database.exec(
      'DROP TABLE lines; ALTER TABLE seats DROP COLUMN marked_at; ALTER TABLE seats DROP COLUMN marked_rev; PRAGMA user_version = 1',
    )
    opened.close()
    const second = sqliteStore({ path: file })
    expect(await second.open({ ...place, user: 'ann' })).toEqual(before)
    const marked = { at: 0, rev: 1 }
    await second.write([{ kind: 'mark', ...place, user: 'ann', epoch: 'e', marked }], () => '')
    expect((await second.open({ ...place, user: 'ann' }))?.marks).toMatchObject([{ user: 'ann', marked }])
    await second.close()
    dispose()
  })

  it('stores nothing of a batch that fails', async () => {
    const { file, dispose } = folder()
    const store = sqliteStore({ path: file })
    const place = { tenant: '', conversation: 'c' }
    const put = { kind: 'put', ...place, members: ['ann'] } as const
    const send = { kind: 'send', ...place, user: 'ann', localId: 'a', content: 1, at: 1 } as const
    await store.write([put], () => 'epoch')
    const failing = () => {
      throw new Error('no more ids')
    }
    let ids = 0
    await expect(store.write([send, { ...send, localId: 'b' }], () => (++ids > 2 ? failing() : `id${ids}`))).rejects.toThrow('no more ids')
    expect(await store.open({ ...place, user: 'ann' })).toMatchObject({ head: 0, rows: [], own: [] })
    expect(await store.write([send], () => `id${++ids}`)).toMatchObject([{ kind: 'stored', stored: { seq: 1 } }])
    await store.close()
    dispose()
  })

  it('that cannot be opened says why, again and again, and opens once that is mended', async () => {
    const { file, dispose } = folder()
    const why = () => {
      try {
        void sqliteStore({ path: file }).close()
        return 'opened'
      } catch (error) {
        return String(error)
      }
    }
    writeFileSync(file, 'no database'.repeat(1_000))
    expect([why(), why()]).toEqual([expect.stringContaining('not a database'), expect.stringContaining('not a database')])
    rmSync(file)
    // Something of another application: the tables cannot all be made.
    const opened = openFile(file)
    opened.database.exec('CREATE TABLE people (name TEXT)')
    opened.close()
    expect([why(), why()]).toEqual([expect.stringContaining('people already exists'), expect.stringContaining('people already exists')])
    const mended = openFile(file)
    mended.database.exec('DROP TABLE people')
    mended.close()
    expect(why()).toBe('opened')
    dispose()
  })

  it('says so when the file is open elsewhere', async () => {
    const { file, dispose } = folder()
    const store = sqliteStore({ path: file })
    expect(() => sqliteStore({ path: file })).toThrow(/another process has it open/)
    await store.close()
    await sqliteStore({ path: file }).close()
    dispose()
  })
})
