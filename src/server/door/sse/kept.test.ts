import fc from 'fast-check'
import { expect, it } from 'vitest'
import { after, keep, letGo, nothingKept } from './kept.js'

it('gives what came after a number, whole and in order, or says that it cannot', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(3_000), fc.option(fc.integer({ min: -2, max: 60 }))), { maxLength: 400 }), (steps) => {
      const kept = nothingKept()
      const all: string[] = []
      let gone = 0
      for (const [size, heard] of steps) {
        all.push(`${all.length}`.padEnd(size, '.'))
        expect(keep(kept, all.at(-1)!)).toBe(all.length)
        if (heard !== null) {
          letGo(kept, heard)
          gone = Math.max(gone, Math.min(heard, all.length))
        }
      }
      for (let n = gone; n <= all.length; n++) {
        const found = after(kept, n)
        const size = all.slice(n).reduce((sum, text) => sum + text.length, 0)
        expect(found).toEqual(size <= 256 * 1024 ? all.slice(n) : undefined)
      }
      if (gone > 0) expect(after(kept, gone - 1)).toBeUndefined()
      expect(after(kept, all.length + 1)).toBeUndefined()
      expect(after(kept, -1)).toBeUndefined()
      expect(after(kept, Number.NaN)).toBeUndefined()
    }),
    { numRuns: 50 },
  )
})

it('keeps no more than it may', () => {
  const kept = nothingKept()
  for (let i = 0; i < 1_000; i++) keep(kept, 'x'.repeat(1_000))
  expect([kept.last, kept.texts.length, kept.chars]).toEqual([1_000, 262, 262_000])
  keep(kept, 'x'.repeat(300_000))
  expect([kept.texts.length, kept.chars]).toEqual([0, 0])
  expect(after(kept, 1_001)).toEqual([])
  expect(after(kept, 1_000)).toBeUndefined()
})
