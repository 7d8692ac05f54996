import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Key, KeyRange, Row } from '../../ports/storage.js'
import { compareKeys } from '../key-order.js'
import { orderedRows } from './ordered-rows.js'

const element = fc.oneof(fc.integer({ min: -3, max: 200 }), fc.constantFrom('', 'a', 'ab', '__proto__', 'é'))
const key: fc.Arbitrary<Key> = fc.array(element, { maxLength: 3 })
const range: fc.Arbitrary<KeyRange> = fc.record(
  { prefix: fc.array(element, { maxLength: 1 }), from: key, to: key, reverse: fc.boolean(), limit: fc.nat(5) },
  { requiredKeys: ['prefix'] },
)
const action = fc.oneof(
  { weight: 12, arbitrary: fc.record({ kind: fc.constant('put' as const), keys: fc.array(key, { maxLength: 60 }) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('remove' as const), key }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('clear' as const), range }) },
)

/** The port's words, spelled out: begins with `prefix`, and the rest is between `from` and whatever begins with `to`. */
function covers({ prefix, from = [], to = [] }: KeyRange, candidate: Key): boolean {
  const rest = candidate.slice(prefix.length)
  const beginsWith = (whole: Key, start: Key) => start.every((part, at) => whole[at] === part && at < whole.length)
  return beginsWith(candidate, prefix) && compareKeys(rest, from) >= 0 && (beginsWith(rest, to) || compareKeys(rest, to) <= 0)
}

describe('ordered rows', () => {
  it('answer like a sorted list, whatever is put, removed and cleared', () => {
    const property = fc.property(
      fc.array(action, { maxLength: 40 }),
      fc.array(range, { minLength: 5, maxLength: 5 }),
      (actions, ranges) => {
        const rows = orderedRows()
        let model: Row[] = []
        const without = (gone: Key) => model.filter((row) => compareKeys(row.key, gone) !== 0)
        for (const [step, did] of actions.entries()) {
          if (did.kind === 'put') {
            for (const at of did.keys) {
              const row = { key: at, version: `${step}`, value: null }
              rows.put(row)
              model = [...without(at), row]
            }
          } else if (did.kind === 'remove') {
            rows.remove(did.key)
            model = without(did.key)
          } else {
            rows.clear(did.range)
            model = model.filter((row) => !covers(did.range, row.key))
          }
        }
        model.sort((a, b) => compareKeys(a.key, b.key))
        for (const asked of ranges) {
          const all = model.filter((row) => covers(asked, row.key))
          if (asked.reverse) all.reverse()
          expect(rows.read(asked)).toEqual(all.slice(0, asked.limit ?? all.length))
        }
        for (const row of model) expect(rows.get(row.key)).toBe(row)
      },
    )
    fc.assert(property, { numRuns: 200 })
  })

  it('keep many rows in order, forwards and backwards', () => {
    const rows = orderedRows()
    for (let i = 0; i < 2_000; i++) rows.put({ key: ['page', (i * 7) % 2_000], version: '', value: i })
    const numbers = (range: KeyRange) => rows.read(range).map((row) => row.key[1])
    expect(numbers({ prefix: ['page'] })).toEqual(Array.from({ length: 2_000 }, (_, i) => i))
    expect(numbers({ prefix: ['page'], to: [1_500], reverse: true, limit: 3 })).toEqual([1_500, 1_499, 1_498])
    rows.clear({ prefix: ['page'], from: [10], to: [1_989] })
    expect(numbers({ prefix: [] })).toEqual([...Array(10).keys(), ...Array.from({ length: 10 }, (_, i) => 1_990 + i)])
  })
})
