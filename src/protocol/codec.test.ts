import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { decodeServerFrames, encodeFrames } from './codec.js'
import type { ChangeFrame, MessageRow, ServerFrame } from './frames.js'
import * as limits from './limits.js'

const message: MessageRow = { id: 'm1', seq: 7, index: 3, rev: 7, at: 1_700_000_000_000, author: 'ann', content: { text: 'hi' } }
const change: ChangeFrame = { type: 'change', conversation: 'c', epoch: 'e', seq: 7, tag: 't', change: { kind: 'message', message } }
const pong: ServerFrame = { type: 'pong', n: 1, heads: [] }

const decode = (value: unknown) => decodeServerFrames(JSON.stringify(value))
const only = (value: unknown): unknown => {
  const decoded = decode(value)
  return decoded.ok ? decoded.frames[0] : decoded
}
const deep = (levels: number): unknown => JSON.parse('['.repeat(levels) + ']'.repeat(levels))

describe('encodeFrames', () => {
  it('writes one frame plainly and several as a list; both come back', () => {
    expect(encodeFrames([pong])).toBe('{"type":"pong","n":1,"heads":[]}')
    expect(decodeServerFrames(encodeFrames([pong]))).toEqual({ ok: true, frames: [pong] })
    expect(decodeServerFrames(encodeFrames([change, pong]))).toEqual({ ok: true, frames: [change, pong] })
  })
})

describe('decodeServerFrames', () => {
  it('keeps a frame of an unknown type as unknown, with all it said', () => {
    const raw = { type: 'poll', options: [1, 2] }
    expect(only(raw)).toEqual({ type: 'unknown', raw })
  })

  it.each([
    ['an unknown kind', { kind: 'reaction', emoji: 'x' }],
    ['a message without an id', { kind: 'message', message: { ...message, id: undefined } }],
    ['a message with a wrong rev', { kind: 'message', message: { ...message, rev: 2 ** 60 } }],
    ['a list', [1]],
    ['a text', 'x'],
  ])('keeps the seq of a change that is %s', (_, raw) => {
    const wire = JSON.parse(JSON.stringify(raw))
    expect(only({ ...change, change: raw })).toEqual({ ...change, change: { kind: 'unknown', raw: wire } })
  })

  it('keeps a change kept as unknown as it is when it is read again', () => {
    const kept = only({ ...change, change: { kind: 'reaction' } })
    expect(only(kept)).toEqual(kept)
  })

  it('ignores fields it does not know', () => {
    expect(only({ ...pong, added: { later: true } })).toMatchObject(pong)
  })

  it.each([
    ['no JSON', '{'],
    ['a number', '1'],
    ['null', 'null'],
    ['a list in a list', '[[{"type":"pong","n":1,"heads":[]}]]'],
    ['no type', '{"n":1}'],
    ['a type that is no text', '{"type":{"a":1}}'],
    ['a change without a seq', JSON.stringify({ ...change, seq: undefined })],
    ['a change frame without a change', JSON.stringify({ ...change, change: undefined })],
    ['a negative seq', JSON.stringify({ ...change, seq: -1 })],
    ['an id of 129 characters', JSON.stringify({ ...change, conversation: 'x'.repeat(limits.idChars + 1) })],
    ['a bad frame behind a good one', JSON.stringify([pong, { type: 'pong' }])],
    ['a time that is infinite', '{"type":"drain","retryAfterMs":1e999}'],
    ['one byte too many', `${' '.repeat(limits.serverFrameBytes)}1`],
    ['1,001 frames', JSON.stringify(new Array(limits.arrayItems + 1).fill(pong))],
  ])('refuses %s with a reason', (_, text) => {
    expect(decodeServerFrames(text)).toMatchObject({ ok: false, reason: expect.any(String) })
  })

  it('names the frame that it cannot read, and nothing of what users wrote', () => {
    const decoded = decode([{ ...change, seq: -1, change: { kind: 'message', message: { ...message, content: 'private' } } }])
    expect(decoded).toEqual({ ok: false, reason: "a server's change frame cannot be read" })
    for (const text of ['{}', 'null', '5', '{"type":{"toString":1}}']) {
      expect(decodeServerFrames(text)).toEqual({ ok: false, reason: "a server's ? frame cannot be read" })
    }
  })

  it('reads content beyond the bounds as far as it is within them, and the message keeps its place', () => {
    for (const content of [deep(40), deep(100_000), { a: new Array(limits.arrayItems + 1).fill(0) }]) {
      const text = `[${JSON.stringify({ ...change, change: { kind: 'message', message: { ...message, content: 0 } } }).replace('"content":0', () => `"content":${stringify(content)}`)}]`
      const decoded = decodeServerFrames(text)
      expect(decoded).toMatchObject({ ok: true, frames: [{ seq: 7, change: { kind: 'message', message: { id: 'm1' } } }] })
      expect(() => structuredClone(decoded)).not.toThrow()
    }
  })

  it('does not let a __proto__ key through', () => {
    const text = JSON.stringify(change).replace('{"text":"hi"}', '{"text":"hi","__proto__":{"admin":true}}')
    const decoded = decodeServerFrames(text)
    expect(decoded).toEqual({ ok: true, frames: [change] })
    expect(JSON.stringify(decoded)).not.toContain('admin')
  })
})

/** `JSON.stringify` overflows the stack on nested lists that a parser reads without trouble. */
function stringify(value: unknown): string {
  let levels = 0
  let inner = value
  while (Array.isArray(inner) && inner.length === 1) {
    inner = inner[0]
    levels++
  }
  return '['.repeat(levels) + JSON.stringify(inner) + ']'.repeat(levels)
}

describe('the client side of the codec', () => {
  it('reaches no schema library', () => {
    for (const file of ['codec', 'server-frames', 'guards', 'walk', 'limits', 'codes']) {
      const source = readFileSync(new URL(`./${file}.ts`, import.meta.url), 'utf8')
      expect(source).not.toMatch(/from '(zod|\.\/schemas|\.\/client-codec)/)
    }
  })
})
