import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { type Controls, createControls, goodNetwork, unreliable } from '../../examples/demo/network.js'
import type { Link, LinkEvents, LinkFrame, Transport } from '../../src/ports/transport.js'
import type { ClientFrame, ServerFrame } from '../../src/protocol/frames.js'
import { transportSuite } from '../../src/testing/transport-suite.js'
import { mockTransport } from '../../src/transports/mock/index.js'
import { closeCodeName } from '../../src/protocol/codes.js'

const quiet = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

describe('the transport suite over a good network', () => {
  const cases = transportSuite(
    () => {
      const mock = mockTransport()
      const said = new Set<unknown>()
      const answers = new Set(['pong', 'ack', 'change', 'inbox'])
      mock.drop((frame) => answers.has(frame.type) && !said.has(frame))
      return {
        transport: unreliable(mock, createControls()),
        server: {
          say: (frames) => {
            for (const frame of frames) {
              said.add(frame)
              mock.push(frame)
            }
          },
          sayText: () => {},
          close: (code) => mock.disconnect(closeCodeName(code)),
          cut: () => mock.disconnect(),
          received: async (count) => {
            while (mock.sent.length < count) await quiet()
            return mock.sent.slice(0, count)
          },
        },
      }
    },
    { gaps: { text: 'frames are never text here' } },
  )
  for (const { name, run } of cases) it(name, run)
})

describe('a bad network', () => {
  let controls: Controls
  let sent: string[]
  let heard: string[]
  let server: LinkEvents
  let link: Link

  /** A wire that records what reaches the server, and lets the test speak as one. */
  const wire: Transport = {
    name: 'wire',
    open: (to) => {
      server = to
      return {
        send: (frame) => void sent.push(nameOf(frame)),
        close: () => to.closed({ band: 'retry', code: 'closed' }),
      }
    },
  }
  const open = (): void => {
    link = unreliable(wire, controls).open({
      opened: () => heard.push('opened'),
      frame: (frame) => heard.push(nameOf(frame)),
      closed: ({ code }) => heard.push(`closed ${code}`),
    })
  }
  const nameOf = (frame: ClientFrame | LinkFrame): string => ('n' in frame ? `${frame.type} ${frame.n}` : frame.type)
  const pong = (n: number): ServerFrame => ({ type: 'pong', n, heads: [] })
  const ack: ServerFrame = { type: 'ack', conversation: 'c', localId: 'l', epoch: 'e', seq: 1 }

  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
    controls = createControls()
    sent = []
    heard = []
    open()
    server.opened()
  })
  afterEach(() => {
    vi.useRealTimers()
    vi.restoreAllMocks()
  })

  it('delays both ways and keeps the order, also when the latency falls', () => {
    controls.set({ latencyMs: 300 })
    link.send({ type: 'ping', n: 1 })
    server.frame(pong(1))
    controls.set({ latencyMs: 0 })
    link.send({ type: 'ping', n: 2 })
    expect([sent, heard]).toEqual([[], ['opened']])
    vi.advanceTimersByTime(299)
    expect(sent).toEqual([])
    vi.advanceTimersByTime(1)
    expect([sent, heard]).toEqual([
      ['ping 1', 'ping 2'],
      ['opened', 'pong 1'],
    ])
  })

  it('drops acks and nothing else', () => {
    controls.set({ dropAcks: true })
    server.frame(ack)
    server.frame(pong(1))
    expect(heard).toEqual(['opened', 'pong 1'])
    expect(controls.harm.get()).toMatchObject({ frames: 2, dropped: 1 })
  })

  it('doubles every frame but the handshake', () => {
    controls.set({ duplicate: true })
    link.send({ type: 'hello', version: 1, user: 'u', device: 'd', lane: 'l', link: 1 })
    link.send({ type: 'ping', n: 1 })
    server.frame(pong(1))
    expect(sent).toEqual(['hello', 'ping 1', 'ping 1'])
    expect(heard).toEqual(['opened', 'pong 1', 'pong 1'])
  })

  it('lets later frames overtake those it holds back', () => {
    controls.set({ reorder: true })
    vi.spyOn(Math, 'random').mockReturnValueOnce(0).mockReturnValueOnce(0).mockReturnValue(0.9)
    server.frame(pong(1))
    server.frame(pong(2))
    expect(heard).toEqual(['opened', 'pong 2'])
    vi.advanceTimersByTime(1000)
    expect(heard).toEqual(['opened', 'pong 2', 'pong 1'])
  })

  it('answers sends with a final rejection in the place of the server', () => {
    controls.set({ reject: true })
    link.send({ type: 'operation', conversation: 'c', localId: 'l', try: 1, operation: { kind: 'send', content: 'x' } })
    expect([sent, heard]).toEqual([[], ['opened', 'reject']])
  })

  it('closes the link once when it goes offline, drops what was under way, and opens none until it is back', async () => {
    controls.set({ latencyMs: 100 })
    server.frame(pong(1))
    controls.set({ offline: true })
    await Promise.resolve()
    vi.advanceTimersByTime(1000)
    expect(heard).toEqual(['opened', 'closed closed'])
    heard = []
    open()
    await Promise.resolve()
    expect(heard).toEqual(['closed network'])
    controls.set(goodNetwork)
    open()
    server.opened()
    expect(heard).toEqual(['closed network', 'opened'])
  })
})
