/** The contract of every Readable, on the cell itself. */
import { describe, expect, it } from 'vitest'
import { readables } from './readables.js'

function cell(initial: number) {
  const thrown: unknown[] = []
  const calls: string[] = []
  const cells = readables((error) => thrown.push(error))
  let value = { n: initial }
  const readable = cells.make(
    () => value,
    () => calls.push('first'),
    () => calls.push('last'),
  )
  const set = (n: number) => {
    value = { n }
    cells.changed()
  }
  return { cells, readable, set, thrown, calls }
}

describe('a Readable', () => {
  it('may be passed unbound, calls at once, then once per microtask with the newest', async () => {
    const { readable, set } = cell(1)
    const { get, subscribe } = readable
    const seen: number[] = []
    subscribe(({ n }) => seen.push(n))
    expect(seen).toEqual([1])
    set(2)
    set(3)
    expect(get()).toEqual({ n: 3 })
    expect(seen).toEqual([1])
    await null
    expect(seen).toEqual([1, 3])
  })

  it('tells nobody of a snapshot that is the same object', async () => {
    const { cells, readable } = cell(1)
    let told = 0
    readable.subscribe(() => {
      told += 1
    })
    cells.changed()
    await null
    expect(told).toBe(1)
  })

  it('tells one who subscribes between a change and its microtask once', async () => {
    const { readable, set } = cell(1)
    const late: number[] = []
    readable.subscribe(() => {})
    set(2)
    readable.subscribe(({ n }) => late.push(n))
    await null
    expect(late).toEqual([2])
  })

  it('a throwing subscriber is reported and harms no other', async () => {
    const { readable, set, thrown } = cell(1)
    const seen: number[] = []
    readable.subscribe(() => {
      throw new Error('mine')
    })
    readable.subscribe(({ n }) => seen.push(n))
    set(2)
    await null
    expect(seen).toEqual([1, 2])
    expect(thrown).toHaveLength(2)
  })

  it('one that ends inside a call is told no more, nor is one that was ended by another', async () => {
    const { readable, set } = cell(1)
    const seen: string[] = []
    const ends: (() => void)[] = []
    ends.push(
      readable.subscribe(({ n }) => {
        seen.push(`a${n}`)
        if (n === 2) for (const end of ends) end()
      }),
    )
    ends.push(readable.subscribe(({ n }) => seen.push(`b${n}`)))
    set(2)
    await null
    set(3)
    await null
    expect(seen).toEqual(['a1', 'b1', 'a2'])
  })

  it('wakes its source with the first and lets it go with the last, once each', () => {
    const { readable, calls } = cell(1)
    const ends = [readable.subscribe(() => {}), readable.subscribe(() => {})]
    for (const end of [...ends, ...ends]) end()
    expect(calls).toEqual(['first', 'last'])
  })
})
