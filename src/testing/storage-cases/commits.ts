/** Owns the cases of writing: all or nothing, in the order of the calls, and only where expectations hold (R29). */
import { all, clear, keysOf, openStorage, put, rejects, relaxed, remove, type StorageCase, same, strict, valueAt } from './ground.js'

export const commitCases: readonly StorageCase[] = [
  {
    name: 'the writes of one commit act in their order',
    async run({ factory }) {
      const storage = openStorage(factory)
      await storage.commit([put(['a'], 1), put(['a'], 2), put(['b']), remove(['b']), put(['c'])], relaxed)
      await storage.commit([clear({ prefix: ['c'] }), put(['c', 1]), remove(['never'])], relaxed)
      same(await valueAt(storage, ['a']), 2, 'the later put')
      same(await keysOf(storage), [['a'], ['c', 1]], 'the keys')
    },
  },
  {
    name: 'a read sees every commit called before it, and none of later ones by halves',
    async run({ factory }) {
      const storage = openStorage(factory)
      const reads: Promise<unknown>[] = []
      const commits: Promise<void>[] = []
      for (let n = 1; n <= 20; n++) {
        commits.push(storage.commit([put(['left'], n), put(['right'], n)], n % 3 ? relaxed : strict))
        reads.push(storage.read(all).then((rows) => rows.map((row) => row.value)))
      }
      await Promise.all(commits)
      const seen = (await Promise.all(reads)) as [number, number][]
      for (const [at, [left, right]] of seen.entries()) {
        same(left, right, 'both rows of one commit')
        same(left >= at + 1, true, `read ${at + 1} has its commit`)
      }
    },
  },
  {
    name: '`expect` holds for the version it names and for no row',
    async run({ factory }) {
      const storage = openStorage(factory)
      await storage.commit([put(['cursor'], 1, 'a')], { ...relaxed, expect: [{ key: ['cursor'], version: null }] })
      await storage.commit([put(['cursor'], 2, 'b')], { ...strict, expect: [{ key: ['cursor'], version: 'a' }] })
      await storage.commit([remove(['cursor'])], { ...relaxed, expect: [{ key: ['cursor'], version: 'b' }] })
      await storage.commit([put(['cursor'], 3, '')], { ...relaxed, expect: [{ key: ['cursor'], version: null }] })
      same(await valueAt(storage, ['cursor']), 3, 'the cursor')
      await rejects(storage.commit([], { ...relaxed, expect: [{ key: ['cursor'], version: null }] }), 'conflict', ['cursor'])
      await storage.commit([], { ...relaxed, expect: [{ key: ['cursor'], version: '' }] })
    },
  },
  {
    name: 'a conflict writes nothing and names the key',
    async run({ factory }) {
      const storage = openStorage(factory)
      await storage.commit([put(['generation'], null, 'g1'), put(['kept'], 1)], relaxed)
      const writes = [put(['new']), put(['kept'], 2), clear({ prefix: ['generation'] })]
      const holds = { key: ['generation'], version: 'g1' }
      for (const fails of [
        { key: ['cursor'], version: 'a' },
        { key: ['kept'], version: null },
        { key: ['kept'], version: 'other' },
      ]) {
        for (const durability of ['relaxed', 'strict'] as const) {
          await rejects(storage.commit(writes, { durability, expect: [holds, fails] }), 'conflict', fails.key)
        }
      }
      same(await keysOf(storage), [['generation'], ['kept']], 'the keys')
      same(await valueAt(storage, ['kept']), 1, 'the kept row')
    },
  },
  {
    name: 'an expectation is about the moment of its commit: an earlier commit counts, even unresolved',
    async run({ factory }) {
      const storage = openStorage(factory)
      const chain = [0, 1, 2, 3].map((n) =>
        storage.commit([put(['cursor'], n, `v${n}`)], { ...relaxed, expect: [{ key: ['cursor'], version: n === 0 ? null : `v${n - 1}` }] }),
      )
      await Promise.all(chain)
      const stale = storage.commit([put(['cursor'], 9, 'v9')], { ...relaxed, expect: [{ key: ['cursor'], version: 'v2' }] })
      const next = storage.commit([put(['cursor'], 4, 'v4')], { ...relaxed, expect: [{ key: ['cursor'], version: 'v3' }] })
      await rejects(stale, 'conflict', ['cursor'])
      await next
      same(await valueAt(storage, ['cursor']), 4, 'the cursor')
    },
  },
  {
    name: 'a new generation fences every writer of the old one',
    async run({ factory }) {
      const storage = openStorage(factory)
      const old = openStorage(factory)
      const expectOld = { key: ['generation'], version: 'g1' }
      await storage.commit([put(['generation'], null, 'g1'), put(['secret'])], strict)
      await old.commit([put(['secret', 2])], { ...relaxed, expect: [expectOld] })
      await storage.commit([clear(all), put(['generation'], null, 'g2')], { ...strict, expect: [expectOld] })
      await rejects(old.commit([put(['secret', 3])], { ...relaxed, expect: [expectOld] }), 'conflict', ['generation'])
      same(await keysOf(old), [['generation']], 'what is left')
    },
  },
]
