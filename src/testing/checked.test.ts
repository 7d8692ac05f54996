/** What faults a proxy takes. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type FrameProxy, frameProxy } from './proxy/frame-proxy.js'
import { type TcpProxy, tcpProxy } from './proxy/tcp-proxy.js'

let frames: FrameProxy
let bytes: TcpProxy
beforeAll(async () => {
  frames = await frameProxy({ target: 1 })
  bytes = await tcpProxy({ target: 1 })
})
afterAll(async () => {
  await frames.close()
  await bytes.close()
})

describe('faults', () => {
  it.each([
    [{ nonsense: 1 }, 'No fault is set by nonsense. Names: connect,'],
    [{ connect: 'zzz' }, 'connect must be "refuse" or "hang" or "close" or "reset", and it is zzz.'],
    [{ latencyMs: -5 }, 'latencyMs must be a number above 0, and it is -5.'],
    [{ idleMs: Number.NaN }, 'idleMs must be'],
    [{ halfOpen: 1 }, 'halfOpen must be true or false'],
    [{ drop: 0.5 }, 'No fault is set by drop.'],
  ])('of bytes: %o is refused', async (faults, words) => {
    await expect(bytes.set(faults as never)).rejects.toThrow(words)
  })

  it.each([
    [{ nonsense: 1 }, 'No fault is set by nonsense. Names: direction,'],
    [{ drop: 5 }, 'drop must be a number from 0 to 1, and it is 5.'],
    [{ corrupt: '1' }, 'corrupt must be'],
    [{ direction: 'side' }, 'direction must be "up" or "down", and it is side.'],
    [{ which: 'text' }, 'which must be a function'],
    [{ bufferBytes: 0 }, 'bufferBytes must be a number above 0'],
  ])('of texts: %o is refused', (faults, words) => {
    expect(() => frames.set(faults as never)).toThrow(words)
  })

  it('that are none of these are taken', async () => {
    frames.set({ bufferBytes: Number.POSITIVE_INFINITY, drop: 0, duplicate: 1, over: undefined, which: () => true })
    await bytes.set({ direction: 'up', latencyMs: 0.5, connect: undefined })
  })
})
