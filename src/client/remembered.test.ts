import { describe, expect, it, vi } from 'vitest'
import { kept, once, remembered } from './remembered.js'

describe('what was made', () => {
  it('is made anew only where an input is another one', () => {
    const make = vi.fn<(a: number, b: string) => object>(() => ({}))
    const get = remembered(make)
    const first = get(1, 'a')
    expect(get(1, 'a')).toBe(first)
    expect(get(1, 'b')).not.toBe(first)
    expect(make).toHaveBeenCalledTimes(2)
  })

  it('is tried again where it could not be made', () => {
    let broken = true
    const get = remembered((value: number) => {
      if (broken) throw new Error('mine')
      return value
    })
    expect(() => get(1)).toThrow('mine')
    broken = false
    expect(get(1)).toBe(1)
  })

  it('is made once per key', () => {
    const get = once((key: { n: number }) => ({ n: key.n }))
    const key = { n: 1 }
    expect(get(key)).toBe(get(key))
    expect(get({ n: 1 })).not.toBe(get(key))
  })

  it.each<[string, object, object, boolean]>([
    ['equal records', { a: 1, b: undefined }, { a: 1, b: undefined }, true],
    ['another value', { a: 1 }, { a: 2 }, false],
    ['a field more', { a: 1 }, { a: 1, b: undefined }, false],
    ['a field fewer', { a: 1, b: undefined }, { a: 1 }, false],
    ['equal lists', [1, 2], [1, 2], true],
    ['a longer list', [1], [1, 2], false],
    ['another element', [1, 2], [3, 2], false],
    ['another list inside', { a: [] }, { a: [] }, false],
  ])('%s', (_, old, next, same) => expect(kept(old, next) === old).toBe(same))
})
