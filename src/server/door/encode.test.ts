/** Frames to WebSocket frames: what is shared is written once, and whatever the sizes, the same frames come out. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { ServerFrame } from '../../protocol/frames.js'
import * as limits from '../../protocol/limits.js'
import { createEncoder } from './encode.js'

const typing = (user: string): ServerFrame => ({ type: 'typing', conversation: 'c', user, on: true })

/** A frame that counts how often it is turned into JSON. */
function counted(user: string) {
  const count = { times: 0 }
  const toJSON = () => {
    count.times++
    return typing(user)
  }
  const frame: ServerFrame = Object.assign(typing(user), { toJSON })
  return { frame, count }
}

/** The texts of unmasked WebSocket frames. */
function textsOf(buffers: readonly Buffer[]): string[] {
  return buffers.map((buffer) => {
    expect(buffer[0]).toBe(0x81)
    const short = buffer[1] ?? 0
    const [start, length] = short < 126 ? [2, short] : short === 126 ? [4, buffer.readUInt16BE(2)] : [10, Number(buffer.readBigUInt64BE(2))]
    expect(buffer.length).toBe(start + length)
    return buffer.toString('utf8', start)
  })
}

const framesOf = (buffers: readonly Buffer[]) => textsOf(buffers).flatMap((text) => JSON.parse(text) as unknown)

describe('the encoder', () => {
  it('turns a shared frame into JSON once a turn, in whatever company it leaves', async () => {
    const { encode } = createEncoder()
    const [one, other] = [counted('ann'), counted('bob')]
    const lists = [[one.frame], [one.frame, other.frame], [typing('cid'), one.frame]]
    for (const frames of lists) encode(frames, true)
    expect([one.count.times, other.count.times]).toEqual([1, 1])
    await null
    encode([one.frame], true)
    expect(one.count.times).toBe(2)
  })

  it('writes a list that many links get alike into the same bytes', () => {
    const { encode } = createEncoder()
    const { frame } = counted('ann')
    expect(encode([frame], true)[0]).toBe(encode([frame], true)[0])
  })

  it.each([true, false])('gives back every frame in its order, within the limits, shared: %s', (shared) => {
    const size = fc.constantFrom(0, 1, 125, 126, 60_000, 65_536, limits.serverFrameBytes / 3, 300_000)
    const frame = fc.tuple(size, fc.constantFrom('x', 'é', '語')).map(([length, sign]) => typing(sign.repeat(length)))
    fc.assert(
      fc.property(fc.array(frame, { minLength: 1, maxLength: 6 }), (frames) => {
        const fitting = frames.filter((each) => Buffer.byteLength(JSON.stringify(each)) < limits.serverFrameBytes - limits.arrayItems)
        const buffers = createEncoder().encode(fitting.length ? fitting : [typing('x')], shared)
        for (const text of textsOf(buffers)) expect(Buffer.byteLength(text)).toBeLessThanOrEqual(limits.serverFrameBytes)
        expect(framesOf(buffers)).toEqual(fitting.length ? fitting : [typing('x')])
      }),
      { numRuns: 50 },
    )
    const many = Array.from({ length: limits.arrayItems + 1 }, (_, n) => typing(`${n}`))
    const buffers = createEncoder().encode(many, shared)
    expect([buffers.length, framesOf(buffers)]).toEqual([2, many])
  })
})
