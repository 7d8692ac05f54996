import { describe, expect, it } from 'vitest'
import * as limits from './limits.js'
import { isBounded, parseText, prune } from './walk.js'

const nested = (levels: number): unknown => JSON.parse('['.repeat(levels) + ']'.repeat(levels))
const wide = (keys: number) => Object.fromEntries(Array.from({ length: keys }, (_, i) => [`k${i}`, i]))

describe('parseText', () => {
  it('refuses what is too long or not JSON, and says so', () => {
    expect(parseText('[1]', 3)).toEqual({ ok: true, value: [1] })
    expect(parseText('[12]', 3)).toMatchObject({ ok: false, reason: expect.stringContaining('over the limit of 3') })
    expect(parseText('{"a":', 9)).toMatchObject({ ok: false, reason: expect.stringContaining('not JSON') })
  })
})

describe('isBounded', () => {
  it.each([
    ['a number', 1, true],
    ['null', null, true],
    ['32 levels', nested(32), true],
    ['33 levels', nested(33), false],
    ['100,000 levels', nested(100_000), false],
    ['33 levels of objects', JSON.parse(`${'{"a":'.repeat(33)}1${'}'.repeat(33)}`), false],
    ['1,000 items', new Array(limits.arrayItems).fill(0), true],
    ['1,001 items', new Array(limits.arrayItems + 1).fill(0), false],
    ['1,001 items inside', { a: [new Array(limits.arrayItems + 1).fill(0)] }, false],
    ['1,000 keys', wide(limits.objectKeys), true],
    ['1,001 keys', wide(limits.objectKeys + 1), false],
    ['a __proto__ key', JSON.parse('{"a":[{"__proto__":{"admin":true}}]}'), false],
    ['an escaped __proto__ key', JSON.parse('{"\\u005f_proto__":1}'), false],
    ['the word __proto__ as text', { text: '__proto__' }, true],
    ['constructor and prototype keys', { constructor: 1, prototype: { constructor: {} } }, true],
  ])('%s: %#', (_, value, expected) => {
    expect(isBounded(value, limits.jsonDepth)).toBe(expected)
  })
})

describe('prune', () => {
  it('always gives something bounded, and keeps what was within bounds', () => {
    const value = JSON.parse(`{"keep":{"a":[1,"x"]},"deep":${'['.repeat(5_000)}${']'.repeat(5_000)},"__proto__":{"admin":true}}`)
    value.long = new Array(limits.arrayItems + 1).fill(0)
    value.wide = wide(limits.objectKeys + 1)
    const pruned = prune(value, limits.jsonDepth) as Record<string, unknown>
    expect(isBounded(value, limits.jsonDepth)).toBe(false)
    expect(isBounded(pruned, limits.jsonDepth)).toBe(true)
    expect(pruned).toMatchObject({ keep: { a: [1, 'x'] }, long: null, wide: null })
    expect(Object.keys(pruned)).toEqual(['keep', 'deep', 'long', 'wide'])
    expect(pruned.admin).toBeUndefined()
  })
})
