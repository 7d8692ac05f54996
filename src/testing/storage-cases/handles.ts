/** Owns the cases of handles: several on one disk, scopes apart, closing, opening again, dying. */
import type { StorageState } from '../../ports/storage.js'
import {
  ada,
  all,
  keysOf,
  openStorage,
  put,
  rejects,
  relaxed,
  type StorageCase,
  type StorageGround,
  same,
  strict,
  valueAt,
} from './ground.js'

/** Present, because a case without it is left out where the gap is declared. */
const again = async (ground: StorageGround, how: 'reopen' | 'crash') => {
  const factory = await ground[how]?.()
  if (!factory) throw new Error(`The ground has no \`${how}\`: add it, or declare the gap with its reason.`)
  return factory
}

export const handleCases: readonly StorageCase[] = [
  {
    name: 'a handle tells where rows live, once, and never inside the call that opens it',
    async run({ factory }) {
      const told: StorageState[] = []
      const storage = openStorage(factory, ada, told)
      same(told, [], 'before the first call')
      const read = storage.read(all)
      same(told, [], 'inside the first call')
      await read
      await storage.commit([put(['a'])], relaxed)
      same(told.length, 1, 'how often it told')
      same(told[0]?.reason, undefined, 'the reason')
      same((told[0]?.cacheBytes ?? 0) > 0, true, 'that it names a cap')
    },
  },
  {
    name: 'two handles see each other’s commits',
    async run({ factory }) {
      const [left, right] = [openStorage(factory), openStorage(factory)]
      await left.commit([put(['a'], 'left')], relaxed)
      same(await valueAt(right, ['a']), 'left', 'the row of the other')
      await right.commit([put(['a'], 'right')], relaxed)
      same(await valueAt(left, ['a']), 'right', 'the row of the other')
    },
  },
  {
    name: 'of concurrent commits that expect the same, exactly one lands whole',
    async run({ factory }) {
      const handles = Array.from({ length: 4 }, () => openStorage(factory))
      for (let round = 0; round < 5; round++) {
        const expect = [{ key: ['cursor'], version: round === 0 ? null : `r${round - 1}` }]
        const tries = handles.map((handle, who) =>
          handle.commit([put(['cursor'], who, `r${round}`), put(['row', round, who])], { ...relaxed, expect }).then(
            () => who,
            (error) => (error.code === 'conflict' ? undefined : Promise.reject(error)),
          ),
        )
        const winners = (await Promise.all(tries)).filter((who) => who !== undefined)
        same(winners.length, 1, 'how many won')
        const reader = handles[round % 4]
        if (!reader) throw new Error('unreachable: there are four handles')
        same(await valueAt(reader, ['cursor']), winners[0], 'whose cursor stands')
        same(await keysOf(reader, { prefix: ['row', round] }), [['row', round, winners[0]]], 'whose row stands')
      }
    },
  },
  {
    name: 'scopes see nothing of each other, whatever their names',
    async run({ factory }) {
      const scopes = [
        { user: 'ada' },
        { user: 'ada', tenant: '' },
        { user: 'ada', tenant: 'acme' },
        { user: 'acme', tenant: 'ada' },
        { user: '', tenant: 'ada' },
        { user: '["ada"]' },
        { user: 'b","c', tenant: 'a' },
        { user: 'c', tenant: 'a","b' },
        { user: '__proto__' },
        { user: '\ud800' },
        { user: '\\ud800' },
      ]
      const handles = scopes.map((scope) => openStorage(factory, scope))
      await Promise.all(handles.map((handle, at) => handle.commit([put(['who'], at), put(['only', at])], strict)))
      for (const [at, handle] of handles.entries()) {
        same(await keysOf(handle), [['only', at], ['who']], `the keys of ${JSON.stringify(scopes[at])}`)
        await handle.close()
      }
    },
  },
  {
    name: '`close` lets earlier calls finish and refuses later ones',
    async run({ factory }) {
      const storage = openStorage(factory)
      const commit = storage.commit([put(['a'], 1)], strict)
      const read = storage.read(all)
      const settled: string[] = []
      void commit.then(() => settled.push('commit'))
      void read.then(() => settled.push('read'))
      const closing = storage.close().then(() => settled.push('close'))
      await rejects(storage.read(all), 'closed')
      await rejects(storage.commit([put(['b'])], relaxed), 'closed')
      await closing
      await storage.close()
      same((await read).length, 1, 'the rows of the read before')
      same(settled, ['commit', 'read', 'close'], 'what settled, in order')
      const unused = openStorage(factory)
      await unused.close()
      await rejects(unused.read(all), 'closed')
      same(await keysOf(openStorage(factory)), [['a']], 'a new handle')
    },
  },
  {
    name: 'closed and opened again, everything is there',
    needs: 'reopen',
    async run(ground) {
      const before = openStorage(ground.factory)
      await before.commit([put(['a'], 1, 'x'), put(['b', 2], { deep: ['ä'] })], relaxed)
      await before.commit([put(['c'])], strict)
      const rows = await before.read(all)
      await before.close()
      const after = openStorage(await again(ground, 'reopen'))
      same(await after.read(all), rows, 'the rows')
      await after.commit([put(['a'], 2)], { ...strict, expect: [{ key: ['a'], version: 'x' }] })
      await after.close()
    },
  },
  {
    name: 'killed, strict commits that resolved are there, and others are whole, in order',
    needs: 'crash',
    async run(ground) {
      const before = openStorage(ground.factory)
      await before.commit([put(['strict'])], strict)
      for (let n = 0; n < 5; n++) await before.commit([put(['a', n]), put(['b', n])], relaxed)
      for (let n = 5; n < 8; n++) before.commit([put(['a', n]), put(['b', n])], strict).catch(() => {})
      const after = openStorage(await again(ground, 'crash'))
      same(await keysOf(after, { prefix: ['strict'] }), [['strict']], 'the strict row')
      const numbers = async (side: string) => (await keysOf(after, { prefix: [side] })).map((key) => key[1])
      const left = await numbers('a')
      same(left, [...left.keys()], 'the first so many commits')
      same(await numbers('b'), left, 'both halves of them')
      await after.close()
    },
  },
]
