import { describe, expect, it } from 'vitest'
import { fakeValue } from '../../test/fakes/fake-chat.js'
import { select, selecting } from './select.js'

const sameItems = (a: readonly number[], b: readonly number[]): boolean => a.length === b.length && a.every((one, i) => one === b[i])

describe('select', () => {
  it('runs the selector once per snapshot', () => {
    const source = fakeValue({ n: 1 })
    let runs = 0
    const get = selecting(source.get, (value) => [value.n, runs++], Object.is)
    expect(get()).toBe(get())
    expect(runs).toBe(1)
    source.set({ n: 2 })
    get()
    expect(runs).toBe(2)
  })

  it('keeps an equal selection, also the one an earlier selector showed', () => {
    const source = fakeValue({ n: 1, other: 1 })
    const shown = [1]
    const get = selecting(source.get, (value) => [value.n], sameItems, { value: shown })
    expect(get()).toBe(shown)
    source.set({ n: 1, other: 2 })
    expect(get()).toBe(shown)
    source.set({ n: 2, other: 2 })
    expect(get()).toEqual([2])
  })

  it('tells subscribers at once and then only of selections that differ', async () => {
    const source = fakeValue({ n: 1, other: 1 })
    const heard: (readonly number[])[] = []
    select(source, (value) => [value.n], sameItems).subscribe((value) => heard.push(value))
    source.set({ n: 1, other: 2 })
    await Promise.resolve()
    expect(heard).toEqual([[1]])
    source.set({ n: 2, other: 2 })
    await Promise.resolve()
    expect(heard).toEqual([[1], [2]])
  })
})
