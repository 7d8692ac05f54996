/** Cases of the transport suite: every way a link ends, once, and what it may still do then: nothing. */
import { bandOf, closeCodes } from '../../protocol/codes.js'
import { ping, pong, record, same, settle, type TransportCase } from './ground.js'

export const closingCases: readonly TransportCase[] = [
  {
    name: 'tells nothing but closed after close, once, and not inside close',
    async run(ground) {
      const link = record(ground.transport)
      await link.opened()
      link.link.send(ping(1))
      await ground.server.received(1)
      ground.server.say([pong(1)])
      link.link.close()
      same(link.told, ['opened'], 'told inside close')
      link.link.close()
      link.link.send(ping(2))
      ground.server.say([pong(2)])
      await link.closed()
      await settle(ground, 1)
      same(link.told, ['opened', 'closed'], 'told')
      same((await ground.server.received(2))[1], ping(999_999), 'the frame received after close')
    },
  },
  {
    name: 'closed before it was opened, tells closed alone',
    async run(ground) {
      const link = record(ground.transport)
      link.link.close()
      await link.closed()
      await settle(ground, 0)
      same(link.told, ['closed'], 'told')
    },
  },
  {
    name: 'closed by its owner inside a frame, tells no further frame',
    async run(ground) {
      const link = record(ground.transport, (own) => own.close())
      await link.opened()
      link.link.send(ping(1))
      await ground.server.received(1)
      ground.server.say([pong(1), pong(2), pong(3)])
      await link.closed()
      await settle(ground, 1)
      same(link.told, ['opened', 'frame', 'closed'], 'told')
    },
  },
  {
    name: 'broken without a word, asks for a retry',
    async run(ground) {
      const link = record(ground.transport)
      await link.opened()
      link.link.send(ping(1))
      await ground.server.received(1)
      ground.server.cut()
      same((await link.closed()).band, 'retry', 'band')
      link.link.send(ping(2))
      link.link.close()
      await settle(ground, 1)
      same(link.told, ['opened', 'closed'], 'told')
    },
  },
  ...Object.entries({ ...closeCodes, network: 4099 }).map(
    ([code, number]): TransportCase => ({
      name: `closed with ${number}, says ${bandOf(number)} and ${code}`,
      needs: 'close-codes',
      async run({ transport, server }) {
        const link = record(transport)
        await link.opened()
        link.link.send(ping(1))
        await server.received(1)
        server.close(number)
        const { band, code: told } = await link.closed()
        same([band, told], [bandOf(number), code], 'band and code')
      },
    }),
  ),
  ...['{', '[{"type":"pong"}]', '7'].map(
    (text): TransportCase => ({
      name: `ends with bad-frame at ${text}, having told no frame of it`,
      needs: 'text',
      async run({ transport, server }) {
        const link = record(transport)
        await link.opened()
        link.link.send(ping(1))
        await server.received(1)
        server.sayText(text)
        const { band, code } = await link.closed()
        same([band, code], ['retry', 'bad-frame'], 'band and code')
        same(link.told, ['opened', 'closed'], 'told')
      },
    }),
  ),
]
