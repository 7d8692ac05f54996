/** Runs of rows: dense or not, joined, restated, cut at their caps (R2, R4, R33). */
import { describe, expect, it } from 'vitest'
import { row, rows } from '../../../test/fakes/wire-frames.js'
import * as bounds from '../bounds.js'
import { isDense, joined, replayed, restated, trimNewest, trimOldest, windowOf } from './window.js'

const run = (from: number, to: number) => windowOf(rows(from + 1, to), from, to)

describe('L4 R2: a run is dense', () => {
  it('where places rise and no index is missing', () => {
    expect(isDense(rows(1, 5), [])).toBe(true)
    expect(isDense([row(1), row(3)], [])).toBe(false)
    expect(isDense([row(2), row(2, { index: 2 })], [])).toBe(false)
    expect(isDense([row(2), row(1, { index: 2 })], [])).toBe(false)
  })

  it('R7: over a range that this reader may not see, where it lies between the rows', () => {
    const ends = [row(2), row(6)]
    expect(isDense(ends, [{ from: 3, to: 5, messages: 3 }])).toBe(true)
    expect(isDense(ends, [{ from: 3, to: 6, messages: 3 }])).toBe(false)
    expect(isDense(ends, [{ from: 2, to: 5, messages: 3 }])).toBe(false)
  })
})

describe('R4: newer states', () => {
  it('replace only older ones; what is the same keeps its reference', () => {
    const held = rows(1, 3)
    expect(restated(held, row(2, { content: 'again' }))).toBe(held)
    expect(restated(held, row(2, { rev: 9 }))?.[1]?.rev).toBe(9)
    expect(restated(held, row(9))).toBeUndefined()
    expect(replayed(held, [row(9), row(1)])).toBe(held)
  })

  it('stay where two runs overlap', () => {
    const newer = windowOf([row(2), row(3, { rev: 8 }), row(4)], 1, 4)
    const older = windowOf([row(1), row(2, { rev: 7 }), row(3)], 0, 3)
    expect(joined(older, newer).rows.map(({ seq, rev }) => [seq, rev])).toEqual([
      [1, 1],
      [2, 7],
      [3, 8],
      [4, 4],
    ])
    expect(joined(older, newer)).toMatchObject({ from: 0, to: 4 })
  })
})

describe('R33: a run is cut', () => {
  it('in front only above its cap, at a page boundary, and not where rows are still needed', () => {
    const full = run(0, bounds.windowRows)
    expect(trimOldest(full, 1_000)).toBe(full)
    const over = run(0, bounds.windowRows + 1)
    expect(trimOldest(over, 1_000)).toMatchObject({ from: 200, to: 401 })
    expect(trimOldest(over, 120).rows[0]?.index).toBe(100)
    expect(trimOldest(over, 30)).toBe(over)
  })

  it('L11: at four times its cap in any case', () => {
    const most = run(0, bounds.windowRows * 4)
    expect(trimOldest(most, 0)).toBe(most)
    expect(trimOldest(run(0, bounds.windowRows * 4 + 1), 0).rows).toHaveLength(201)
  })

  it('behind only above its cap', () => {
    const full = run(0, bounds.windowRows)
    expect(trimNewest(full)).toBe(full)
    expect(trimNewest(run(0, bounds.windowRows + 1))).toMatchObject({ from: 0, to: 350 })
  })
})
