import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeClientFrames } from './client-codec.js'
import { encodeFrames } from './codec.js'
import type { ClientFrame } from './frames.js'
import * as limits from './limits.js'
import { clientFrame } from './schemas.js'
import { isBounded } from './walk.js'

const every: readonly ClientFrame[] = [
  { type: 'hello', version: 1, user: 'ann', device: 'd', lane: 'l', link: 3, token: 'secret' },
  { type: 'open', request: 1, conversation: 'c' },
  { type: 'open', request: 2, conversation: 'c', position: { epoch: 'e', seq: 4, tag: 't' } },
  { type: 'unfollow', conversation: 'c' },
  { type: 'history', request: 3, conversation: 'c', epoch: 'e', anchor: { before: 9 }, limit: 50, atLeast: 12 },
  { type: 'operation', conversation: 'c', localId: 'x', try: 1, after: 'w', operation: { kind: 'send', content: { text: 'hi' } } },
  { type: 'operation', conversation: 'c', localId: 'x', try: 2, operation: { kind: 'void' } },
  { type: 'receipt', conversation: 'c', epoch: 'e', delivered: 9, read: 4 },
  { type: 'typing', conversation: 'c', on: true },
  { type: 'inbox', request: 4, cursor: 'abc' },
  { type: 'ping', n: 1 },
]
const send = (content: string) =>
  `{"type":"operation","conversation":"c","localId":"x","try":1,"operation":{"kind":"send","content":${content}}}`
const nested = (levels: number) => '['.repeat(levels) + ']'.repeat(levels)
const operationOf = (text: string): unknown => {
  const decoded = decodeClientFrames(text)
  return decoded.ok && decoded.frames[0]?.type === 'operation' ? decoded.frames[0].operation : decoded
}

describe('decodeClientFrames', () => {
  it('reads every frame, alone and in a list', () => {
    expect(decodeClientFrames(encodeFrames(every))).toEqual({ ok: true, frames: every })
    for (const frame of every) expect(decodeClientFrames(encodeFrames([frame]))).toEqual({ ok: true, frames: [frame] })
  })

  it('leaves out frames of a type it does not know and fields it does not know', () => {
    const text = '[{"type":"poll","x":1},{"type":"ping","n":1,"later":true},{"type":"constructor"}]'
    expect(decodeClientFrames(text)).toEqual({ ok: true, frames: [{ type: 'ping', n: 1 }] })
  })

  it.each([
    ['an unknown kind', '{"kind":"react","emoji":"x"}', { kind: 'react', emoji: 'x' }],
    ['a send without content', '{"kind":"send"}', { kind: 'send' }],
    ['a number', '5', 5],
    ['content that is too deep', `{"kind":"send","content":${nested(limits.contentDepth + 1)}}`, null],
    ['content so deep that a recursion would overflow', `{"kind":"send","content":${nested(30_000)}}`, null],
    ['content with a __proto__ key', '{"kind":"send","content":{"__proto__":{"admin":true}}}', null],
    ['content with 1,001 items', `{"kind":"send","content":[${'0,'.repeat(1_000)}0]}`, null],
  ])('hands on an operation that is %s as unknown', (_, operation, raw) => {
    const text = `{"type":"operation","conversation":"c","localId":"x","try":1,"operation":${operation}}`
    expect(operationOf(text)).toEqual({ kind: 'unknown', raw })
  })

  it('takes content of the deepest level allowed, as it is', () => {
    expect(operationOf(send(nested(limits.contentDepth)))).toEqual({ kind: 'send', content: JSON.parse(nested(limits.contentDepth)) })
    expect(operationOf(send('null'))).toEqual({ kind: 'send', content: null })
    expect(operationOf(send('{"constructor":{"prototype":1}}'))).toEqual({ kind: 'send', content: { constructor: { prototype: 1 } } })
  })

  it.each([
    ['no JSON', '{"type":"ping"'],
    ['empty text', ''],
    ['a number', '1'],
    ['null in a list', '[null]'],
    ['a list in a list', '[[{"type":"ping","n":1}]]'],
    ['no type', '{"n":1}'],
    ['a wrong field', '{"type":"ping","n":"1"}'],
    ['a missing field', '{"type":"open","request":1}'],
    ['an operation frame without an operation', '{"type":"operation","conversation":"c","localId":"x","try":1}'],
    ['an unsafe integer', '{"type":"ping","n":9007199254740993}'],
    ['an anchor of no known kind', '{"type":"history","request":1,"conversation":"c","epoch":"e","anchor":{"near":1},"limit":5}'],
    ['an id of 129 characters', `{"type":"unfollow","conversation":"${'x'.repeat(limits.idChars + 1)}"}`],
    ['an id of 65 characters that are two units each', `{"type":"unfollow","conversation":"${'\u{1f600}'.repeat(65)}"}`],
    ['a local id of 65 such characters', send('1').replace('"x"', `"${'\u{1f600}'.repeat(65)}"`)],
    ['an id of no characters', '{"type":"unfollow","conversation":""}'],
    ['an id with half of a pair', '{"type":"unfollow","conversation":"a\\ud800"}'],
    ['a local id with half of a pair', send('1').replace('"x"', '"\\udc00"')],
    ['a length that cannot be compared, for an id', '{"type":"unfollow","conversation":{"length":{"valueOf":1,"toString":1}}}'],
    ['a length that cannot be compared, for a token', '{"type":"hello","token":{"length":{"valueOf":1,"toString":1}}}'],
    ['a __proto__ key in the envelope', '{"type":"ping","n":1,"__proto__":{"admin":true}}'],
    ['30,000 levels', nested(30_000)],
    ['1,001 frames', `[${'{"type":"ping","n":1},'.repeat(1_000)}{"type":"ping","n":1}]`],
    ['a bad frame behind a good one', '[{"type":"ping","n":1},{"type":"ping"}]'],
    ['one character too many', send(`"${'x'.repeat(limits.clientFrameBytes - send('""').length + 1)}"`)],
  ])('refuses %s as a bad frame, with a reason', (_, text) => {
    expect(decodeClientFrames(text)).toMatchObject({ ok: false, code: 'bad-frame', reason: expect.stringMatching(/./) })
  })

  it('takes a frame of exactly the limit', () => {
    expect(operationOf(send(`"${'x'.repeat(limits.clientFrameBytes - send('""').length)}"`))).toMatchObject({ kind: 'send' })
  })

  it('reads operations as the schema does, by hand or not', () => {
    const odd = fc.constantFrom<unknown>(undefined, null, 0, 1, -1, 1.5, '', '\ud800', 'x', 'x'.repeat(129), true, [], {}, { kind: 'send' })
    const id = fc.oneof({ weight: 9, arbitrary: fc.string({ maxLength: 4 }) }, odd)
    const operation = fc.record(
      {
        kind: fc.oneof({ weight: 9, arbitrary: fc.constantFrom<unknown>('send', 'void', 'unknown', 'react') }, odd),
        // A key `__proto__` is a matter of the walk before, and tested there.
        content: fc.jsonValue().filter((value) => !JSON.stringify(value).includes('__proto__')),
        raw: odd,
        more: odd,
      },
      { requiredKeys: [] },
    )
    const frame = fc.record(
      {
        type: fc.constant('operation'),
        conversation: id,
        localId: id,
        try: fc.oneof({ weight: 9, arbitrary: fc.nat() }, odd),
        after: id,
        operation: fc.oneof({ weight: 9, arbitrary: operation }, odd),
        more: odd,
      },
      { requiredKeys: ['type', 'conversation', 'localId', 'try', 'operation'] },
    )
    const seen = { right: 0, wrong: 0 }
    fc.assert(
      fc.property(frame, (generated) => {
        const text = JSON.stringify(generated)
        const parsed: unknown = JSON.parse(text)
        fc.pre(isBounded(parsed, limits.contentDepth))
        const read = clientFrame.safeParse(parsed)
        const decoded = decodeClientFrames(text)
        expect(decoded.ok ? decoded.frames : []).toEqual(read.success ? [read.data] : [])
        seen[read.success ? 'right' : 'wrong']++
      }),
      { numRuns: 3_000 },
    )
    expect(Math.min(seen.right, seen.wrong)).toBeGreaterThan(500)
  })
})
