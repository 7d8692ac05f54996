import 'fake-indexeddb/auto'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { CommitOptions, Expectation, Key, KeyRange, Storage, Write } from '../ports/storage.js'
import { indexedDbStorage } from './indexeddb/index.js'
import { memoryStorage } from './memory/index.js'

const element = fc.oneof(
  fc.integer({ min: -2, max: 5 }),
  fc.double({ noNaN: true }),
  fc.constantFrom(0, -0, '', 'a', 'ab', '1', '__proto__', '\uffff'),
  fc.string({ unit: 'binary', maxLength: 3 }),
)
const few = fc.constantFrom<(string | number)[]>('a', 'ab', '', 1, 2)
const key: fc.Arbitrary<Key> = fc.oneof(fc.array(few, { maxLength: 3 }), fc.array(element, { maxLength: 3 }))
const range: fc.Arbitrary<KeyRange> = fc.record(
  { prefix: fc.array(few, { maxLength: 2 }), from: key, to: key, reverse: fc.boolean(), limit: fc.nat(4) },
  { requiredKeys: ['prefix'] },
)
const version = fc.constantFrom('v1', 'v2')
const write: fc.Arbitrary<Write> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ kind: fc.constant('put'), row: fc.record({ key, version, value: fc.jsonValue() }) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('remove'), key }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('clear'), range }) },
)
const expectation: fc.Arbitrary<Expectation> = fc.record({ key, version: fc.option(version) })
const commit = fc.record({
  writes: fc.array(write, { maxLength: 12 }),
  how: fc.record<CommitOptions>({ durability: fc.constant('relaxed'), expect: fc.array(expectation, { maxLength: 1 }) }),
})

const answer = (call: Promise<unknown>) =>
  call.then(
    (value) => ({ value }),
    ({ code, key }) => ({ code, key }),
  )

it('memory and IndexedDB give the same answers to the same calls', async () => {
  let run = 0
  const seen = { conflicts: 0, rows: 0 }
  const property = fc.asyncProperty(fc.array(commit, { maxLength: 6 }), fc.array(range, { maxLength: 6 }), async (commits, ranges) => {
    const scope = { user: `${run++}` }
    const [memory, disk] = [memoryStorage(), indexedDbStorage()].map((factory) => factory(scope, { state() {} })) as [Storage, Storage]
    for (const { writes, how } of commits) {
      const expected = await answer(memory.commit(writes, how))
      expect(await answer(disk.commit(writes, how))).toEqual(expected)
      if ('code' in expected) seen.conflicts++
    }
    for (const asked of [{ prefix: [] }, ...ranges]) {
      const rows = await memory.read(asked)
      expect(JSON.stringify(await disk.read(asked))).toBe(JSON.stringify(rows))
      seen.rows += rows.length
    }
    await disk.close()
  })
  await fc.assert(property, { numRuns: 300 })
  expect(seen.conflicts).toBeGreaterThan(50)
  expect(seen.rows).toBeGreaterThan(1_000)
}, 30_000)
