/** The mock as ground of the transport suite: a server that answers nothing by itself. */
import type { TransportGround } from '../../src/testing/transport-suite.js'
import { closeCodeName } from '../../src/protocol/codes.js'
import { mockTransport } from '../../src/transports/mock/index.js'

export const mockGaps = { text: 'frames are never text here' }

/** Every microtask that is due has run. */
const quiet = () => new Promise<void>((resolve) => setImmediate(resolve))

export function mockGround(): TransportGround {
  const mock = mockTransport()
  const said = new Set<unknown>()
  const answers = new Set(['pong', 'ack', 'change', 'inbox'])
  mock.drop((frame) => answers.has(frame.type) && !said.has(frame))
  return {
    transport: mock,
    server: {
      say(frames) {
        for (const frame of frames) {
          said.add(frame)
          mock.push(frame)
        }
      },
      sayText() {},
      close: (code) => mock.disconnect(closeCodeName(code)),
      cut: () => mock.disconnect(),
      async received(count) {
        while (mock.sent.length < count) await quiet()
        return mock.sent.slice(0, count)
      },
    },
  }
}
