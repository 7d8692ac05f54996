/** Whatever text arrives, neither end throws, and what comes out is within bounds. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeClientFrames } from './client-codec.js'
import { decodeServerFrames } from './codec.js'
import * as limits from './limits.js'
import { isBounded } from './walk.js'

const seeds = [
  '{"type":"operation","conversation":"c","localId":"x","try":1,"operation":{"kind":"send","content":{"a":[1,"b",null]}}}',
  '[{"type":"ping","n":1},{"type":"open","request":1,"conversation":"c","position":{"epoch":"e","seq":4,"tag":"t"}}]',
  '{"type":"change","conversation":"c","epoch":"e","seq":7,"tag":"t","change":{"kind":"message","message":{"id":"m","seq":7,"index":0,"rev":7,"at":1,"author":"a","content":{"x":[1]}}}}',
]
const spice = fc.constantFrom(
  '{"__proto__":{"x":1}}',
  '['.repeat(40) + ']'.repeat(40),
  `${'{"a":'.repeat(40)}1${'}'.repeat(40)}`,
  `[${'0,'.repeat(1_000)}0]`,
  'null',
  '1e999',
  '-1',
  '"\\ud800"',
  '{',
  ']',
  '"',
  '\u0000',
  '"constructor"',
  '"toString"',
  '[]',
  '{}',
)
/** A frame of which one value, or any stretch, is replaced by something nasty. */
const nasty = fc
  .tuple(fc.constantFrom(...seeds), fc.nat(), fc.nat({ max: 12 }), spice, fc.boolean())
  .map(([text, at, length, put, whole]) => {
    const values = [...text.matchAll(/:(\d+|"[^"]*"|null)/g)]
    const value = values[at % values.length]
    if (whole && value !== undefined) return text.slice(0, value.index + 1) + put + text.slice(value.index + value[0].length)
    const from = at % text.length
    return text.slice(0, from) + put + text.slice(from + length)
  })

describe.each([
  ['decodeServerFrames', decodeServerFrames],
  ['decodeClientFrames', decodeClientFrames],
] as const)('%s', (_, decode) => {
  it('never throws, gives a reason or bounded frames, and leaves every prototype alone', () => {
    const seen = { ok: 0, bad: 0 }
    fc.assert(
      fc.property(fc.oneof({ weight: 9, arbitrary: nasty }, fc.string(), fc.json()), (text) => {
        const decoded = decode(text)
        seen[decoded.ok ? 'ok' : 'bad']++
        if (!decoded.ok) expect(decoded.reason).not.toBe('')
        const frames = decoded.ok ? decoded.frames : []
        // One level for this list, one for what is wrapped as unknown.
        expect(isBounded(frames, limits.jsonDepth + 2)).toBe(true)
        for (const frame of frames) expect(Object.getPrototypeOf(frame)).toBe(Object.prototype)
      }),
      { numRuns: 3_000 },
    )
    expect(Math.min(seen.ok, seen.bad)).toBeGreaterThan(200)
    expect(Object.keys(Object.prototype)).toEqual([])
  })
})
