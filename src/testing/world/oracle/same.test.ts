/** When two values that were written and held count as the same. */
import { describe, expect, it } from 'vitest'
import { isSame } from './same.js'

const hostile = '{"constructor":{"prototype":{}},"hasOwnProperty":0,"__proto__":{"admin":true}}'

describe('what is held is what was written', () => {
  it('field by field, at every depth and in any order', () => {
    expect(isSame({ seq: 1, content: { text: 'a', parts: [1, null] } }, { content: { parts: [1, null], text: 'a' }, seq: 1 })).toBe(true)
    expect(isSame({ seq: 1, localId: undefined }, { seq: 1 })).toBe(true)
    expect(isSame({ seq: 1 }, { seq: 1, localId: undefined })).toBe(true)
    expect(isSame(JSON.parse(hostile), JSON.parse(hostile))).toBe(true)
  })

  it.each([
    [{ seq: 1 }, { seq: 2 }],
    [{ content: { text: 'a' } }, { content: { text: 'b' } }],
    [{ seq: 1, localId: 'x' }, { seq: 1 }],
    [{ seq: 1 }, { seq: 1, localId: 'x' }],
    [[1, 2], [1]],
    [[1], [1, 2]],
    [[], {}],
    [{}, null],
    [undefined, {}],
    [1, '1'],
    [{}, JSON.parse(hostile)],
    [JSON.parse(hostile), {}],
  ])('not %j for %j', (written, held) => {
    expect(isSame(written, held)).toBe(false)
  })
})
