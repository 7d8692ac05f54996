/** Cases of the transport suite: opening, and frames in order both ways. */
import * as limits from '../../protocol/limits.js'
import { ping, pong, record, same, settle, type TransportCase } from './ground.js'

export const framesCases: readonly TransportCase[] = [
  {
    name: 'tells nothing before open has returned, then opened, once',
    async run({ transport }) {
      const link = record(transport)
      same(link.told, [], 'told inside open')
      await link.opened()
      same(link.told, ['opened'], 'told')
    },
  },
  {
    name: 'carries frames to the owner whole and in order',
    async run({ transport, server }) {
      const link = record(transport)
      await link.opened()
      link.link.send(ping(0))
      await server.received(1)
      const said = Array.from({ length: 200 }, (_, n) => pong(n))
      server.say(said.slice(0, 1))
      server.say(said.slice(1, 150))
      server.say(said.slice(150))
      same(await link.heard(said.length), said, 'frames heard')
    },
  },
  {
    name: 'carries frames to the server whole and in order, sent in one turn and in several',
    async run({ transport, server }) {
      const link = record(transport)
      await link.opened()
      const sent = Array.from({ length: 1_500 }, (_, n) => ping(n))
      for (const frame of sent.slice(0, 1_400)) link.link.send(frame)
      for (const frame of sent.slice(1_400)) {
        await Promise.resolve()
        link.link.send(frame)
      }
      same(await server.received(sent.length), sent, 'frames received')
    },
  },
  {
    name: 'carries many large frames sent in one turn',
    async run({ transport, server }) {
      const link = record(transport)
      await link.opened()
      const content = 'ü'.repeat(limits.contentBytes / 2 - 200)
      const sent = Array.from({ length: 8 }, (_, n) => ({
        type: 'operation' as const,
        conversation: 'c',
        localId: `l${n}`,
        try: 1,
        operation: { kind: 'send' as const, content },
      }))
      for (const frame of sent) link.link.send(frame)
      same(await server.received(sent.length), sent, 'frames received')
    },
  },
  {
    name: 'drops what is sent before opened',
    async run({ transport, server }) {
      const link = record(transport)
      link.link.send(ping(1))
      await link.opened()
      link.link.send(ping(2))
      same(await server.received(1), [ping(2)], 'frames received')
    },
  },
  {
    name: 'carries several links, one after another, that know nothing of each other',
    async run({ transport, server }) {
      const first = record(transport)
      await first.opened()
      first.link.send(ping(1))
      await server.received(1)
      first.link.close()
      await first.closed()
      const second = record(transport)
      await second.opened()
      second.link.send(ping(2))
      same(await server.received(2), [ping(1), ping(2)], 'frames received')
      server.say([pong(2)])
      same(await second.heard(1), [pong(2)], 'frames heard by the second link')
      same(first.told, ['opened', 'closed'], 'told by the first link')
    },
  },
  {
    name: 'hands on a frame of an unknown type as unknown',
    needs: 'text',
    async run(ground) {
      const link = record(ground.transport)
      await link.opened()
      link.link.send(ping(1))
      await ground.server.received(1)
      ground.server.sayText('{"type":"later","x":1}')
      same(await link.heard(1), [{ type: 'unknown', raw: { type: 'later', x: 1 } }], 'frames heard')
      await settle(ground, 1)
      same(link.ends, [], 'ends')
    },
  },
]
