/** Owns the cases of reading: the order of keys, what a range covers, keys and values that try to break out. */
import type { Key } from '../../ports/storage.js'
import { all, clear, keysOf, openStorage, put, relaxed, rejects, remove, type StorageCase, same, strict, valueAt } from './ground.js'

/** In order. */
const ordered: readonly Key[] = [
  [],
  [-1.5],
  [2],
  [10],
  [10, 'a'],
  [''],
  ['', ''],
  ['10'],
  ['2'],
  ['B'],
  ['a'],
  ['a', 3],
  ['a', 20],
  ['a', 'x'],
  ['ab'],
  ['é'],
  ['\ud83d\ude00'],
  ['\uffff'],
]

const hostile: readonly Key[] = [
  ['__proto__'],
  ['constructor', 'prototype'],
  [''],
  ['', '', ''],
  ['\u0000'],
  ['a\u0000b'],
  ['["a"]'],
  ['a/b', '../c'],
  ['\ud800'],
  ['🎉', Number.MAX_SAFE_INTEGER],
  [Number.POSITIVE_INFINITY, Number.MIN_VALUE],
  ['k'.repeat(2_000)],
]

const shuffled = <T>(list: readonly T[]): T[] =>
  list
    .map((item, at) => ({ item, at: (at * 7) % list.length }))
    .sort((a, b) => a.at - b.at)
    .map(({ item }) => item)

export const rangeCases: readonly StorageCase[] = [
  {
    name: 'rows come in key order: numbers, then strings by code unit, a prefix before what it begins',
    async run({ factory }) {
      const storage = openStorage(factory)
      await storage.commit(
        shuffled(ordered).map((key) => put(key)),
        relaxed,
      )
      same(await keysOf(storage), ordered, 'all keys')
      same(await keysOf(storage, { ...all, reverse: true }), [...ordered].reverse(), 'all keys, newest first')
    },
  },
  {
    name: 'a range is what begins with its prefix, from `from` to whatever begins with `to`',
    async run({ factory }) {
      const storage = openStorage(factory)
      const within: Key[] = [['p'], ['p', 1], ['p', 2], ['p', 2, 'x'], ['p', 3], ['p', 'a'], ['p', 'a', 1], ['p', 'b']]
      await storage.commit(
        [...within, ['o'], ['o', 9], ['pp'], ['q'], [1]].map((key) => put(key)),
        relaxed,
      )
      same(await keysOf(storage, { prefix: ['p'] }), within, 'the prefix')
      same(await keysOf(storage, { prefix: ['p'], from: [2] }), within.slice(2), 'from 2')
      same(await keysOf(storage, { prefix: ['p'], to: [2] }), within.slice(0, 4), 'to 2')
      same(await keysOf(storage, { prefix: ['p'], from: [2, 'x'], to: ['a'] }), within.slice(3, 7), 'both')
      same(
        await keysOf(storage, { prefix: ['p', 2] }),
        [
          ['p', 2],
          ['p', 2, 'x'],
        ],
        'a longer prefix',
      )
      same(await keysOf(storage, { prefix: ['p'], from: [3], to: [2] }), [], 'an empty range')
      same(await keysOf(storage, { prefix: ['none'] }), [], 'an unknown prefix')
    },
  },
  {
    name: '`limit` cuts after `reverse` has turned the order',
    async run({ factory }) {
      const storage = openStorage(factory)
      await storage.commit(
        Array.from({ length: 20 }, (_, n) => put(['p', n])),
        relaxed,
      )
      same(
        await keysOf(storage, { prefix: ['p'], limit: 2 }),
        [
          ['p', 0],
          ['p', 1],
        ],
        'the first two',
      )
      same(
        await keysOf(storage, { prefix: ['p'], limit: 2, reverse: true }),
        [
          ['p', 19],
          ['p', 18],
        ],
        'the last two',
      )
      same(await keysOf(storage, { prefix: ['p'], to: [7], limit: 1, reverse: true }), [['p', 7]], 'the last to 7')
      same((await keysOf(storage, { prefix: ['p'], limit: 99, reverse: true })).length, 20, 'more than there are')
      same(await keysOf(storage, { prefix: ['p'], limit: 0 }), [], 'none')
    },
  },
  {
    name: '`clear` takes exactly its range',
    async run({ factory }) {
      const storage = openStorage(factory)
      const keys: Key[] = [['o', 5], ['p'], ['p', 1], ['p', 2], ['p', 2, 'x'], ['p', 3], ['q']]
      await storage.commit(
        keys.map((key) => put(key)),
        relaxed,
      )
      await storage.commit([clear({ prefix: ['p'], from: [2], to: [2] }), clear({ prefix: ['p'], from: [9], to: [1] })], relaxed)
      same(await keysOf(storage), [['o', 5], ['p'], ['p', 1], ['p', 3], ['q']], 'what is left')
      await storage.commit([clear({ prefix: ['p'] })], strict)
      same(await keysOf(storage), [['o', 5], ['q']], 'without the prefix')
      await storage.commit([clear(all)], strict)
      same(await keysOf(storage), [], 'nothing')
    },
  },
  {
    name: 'hostile keys are only keys',
    async run({ factory }) {
      const storage = openStorage(factory)
      await storage.commit(
        hostile.map((key, at) => put(key, { at })),
        relaxed,
      )
      for (const [at, key] of hostile.entries()) same(await valueAt(storage, key), { at }, `the value at ${JSON.stringify(key)}`)
      await storage.commit(hostile.slice(1).map(remove), relaxed)
      same(await keysOf(storage), [hostile[0]], 'what is left')
    },
  },
  {
    name: 'a key that is none fails the call and writes nothing',
    async run({ factory }) {
      const storage = openStorage(factory)
      await rejects(storage.commit([put(['before']), put(['p', Number.NaN])], relaxed), 'failed')
      await rejects(storage.commit([put(['before']), put(['p', undefined as never])], relaxed), 'failed')
      await rejects(storage.read({ prefix: [Number.NaN] }), 'failed')
      same(await keysOf(storage), [], 'the rows')
    },
  },
  {
    name: 'values come back as they were put: big, deep, with any keys, with any text',
    async run({ factory }) {
      const storage = openStorage(factory)
      const big = { page: Array.from({ length: 500 }, (_, n) => ({ n, text: '→ wörld 🎉 '.repeat(100) })) }
      const odd = { nested: [[], {}, [null, true, 0, -1.5, '']], ...JSON.parse('{"own":{"__proto__":{"polluted":1}}}') }
      const texts = ['\ud800', 'a\udc00b', '\u0000', '"\\\\"', '\u2028', '{"text":1}', '']
      const deep = JSON.parse(`${'[{"in":'.repeat(150)}0${'}]'.repeat(150)}`)
      const numbers = [Number.MAX_SAFE_INTEGER, Number.MIN_VALUE, -Number.MAX_VALUE, 0.1]
      const record = { text: '1', value: 2, key: ['x'], version: 'y' }
      await storage.commit([put(['big'], big), put(['odd'], odd), put(['nothing'], null), put(['texts'], texts)], strict)
      await storage.commit([put(['deep'], deep), put(['numbers'], numbers), put(['record'], record), put(['text'], '')], relaxed)
      same(await valueAt(storage, ['big']), big, 'the big value')
      same(await valueAt(storage, ['odd']), odd, 'the odd value')
      same(await valueAt(storage, ['nothing']), null, 'null')
      for (const [name, value] of Object.entries({ texts, deep, numbers, record, text: '' }))
        same(await valueAt(storage, [name]), value, name)
      same(((await valueAt(storage, ['odd'])) as { polluted?: number }).polluted, undefined, 'the prototype')
    },
  },
]
