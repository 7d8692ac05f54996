/** What the kit takes, and what it refuses at the call. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { mockTransport } from '../transports/mock/index.js'
import { type FrameProxy, frameProxy } from './proxy/frame-proxy.js'
import { type TcpProxy, tcpProxy } from './proxy/tcp-proxy.js'
import { recordSession } from './session/record-session.js'
import { createTestChat } from './test-chat/test-chat.js'

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

const noTransport = 'recordSession cannot begin: what it records must be a transport, such as webSocketTransport(…), and it is '
const noPort = 'target must be a port, from 1 to 65535, or a function, and it is '
const test = createTestChat()
afterAll(test.close)

describe('what cannot work is refused at the call', () => {
  it.each<[string, () => unknown, string]>([
    ['recordSession of nothing', () => recordSession(undefined as never), `${noTransport}undefined.`],
    ['recordSession of no transport', () => recordSession({} as never), `${noTransport}{}.`],
    [
      'an option of recordSession',
      () => recordSession(mockTransport(), { maxChar: 1 } as never),
      'it has no option maxChar. Options: clock, maxChars.',
    ],
    ['a room of no characters', () => recordSession(mockTransport(), { maxChars: 0 }), 'maxChars must be a number above 0, and it is 0.'],
    [
      'a clock that is none',
      () => recordSession(mockTransport(), { clock: Date as never }),
      'clock must be a clock, such as virtualClock()',
    ],
    [
      'frameProxy of nothing',
      () => (frameProxy as () => unknown)(),
      'frameProxy cannot begin: its options must be an object, and they are undefined. Options: target,',
    ],
    ['frameProxy before nothing', () => frameProxy({} as never), `${noPort}undefined.`],
    ['tcpProxy before nothing', () => tcpProxy({} as never), `tcpProxy cannot begin: ${noPort}undefined.`],
    ['no port', () => tcpProxy({ target: 99_999 }), `${noPort}99999.`],
    [
      'an option of a proxy',
      () => tcpProxy({ target: 1, hots: '::1' } as never),
      'it has no option hots. Options: target, host, port, seed, clock.',
    ],
    ['a host that is none', () => frameProxy({ target: 1, host: 1 as never }), 'host must be a text, and it is 1.'],
    [
      'a seed that is none',
      () => createTestChat({ seed: 'x' as never }),
      'createTestChat cannot begin: seed must be a whole number from 0 on, and it is x.',
    ],
    ['an option of createTestChat', () => createTestChat({ users: 'ann' } as never), 'it has no option users. Options: user,'],
    ['an option of join', () => test.join('bob', { store: {} } as never), 'join cannot begin: it has no option store. Options: storage,'],
    ['to drop by name', () => test.drop('ack' as never), 'drop cannot begin: what picks frames must be a function, and it is ack.'],
    [
      'to expect an unknown field',
      () => test.expectView('c', [{ txt: 'x' } as never]),
      'no message has txt in {"txt":"x"}. Tell it by author, text or status.',
    ],
    ['to expect an unknown status', () => test.expectView('c', [{ status: 'seen' as never }]), 'status must be "saving" or "queued"'],
    ['to expect no text', () => test.expectView('c', [{ text: 1 as never }]), 'text must be a text, and it is 1.'],
    [
      'to expect no message',
      () => test.expectView('c', [3 as never]),
      'a message that is expected must be a text or an object, and it is 3.',
    ],
    ['to expect no list', () => test.expectView('c', 'hi' as never), 'what is expected must be an array of messages, and it is hi.'],
  ])('%s', async (_, run, why) => {
    const before = test.clock.now()
    const error = await new Promise((resolve) => resolve(run())).catch((error: unknown) => error)
    expect(error).toBeInstanceOf(TypeError)
    expect((error as TypeError).message).toContain(why)
    expect(test.clock.now()).toBe(before)
  })
})
