/** The shipped server behind a door that carries texts in memory: what is said passes both codecs, as over a wire. */
import type { LinkClosed, Transport } from '../../src/ports/transport.js'
import { decodeServerFrames, encodeFrames } from '../../src/protocol/codec.js'
import { bandOf, closeCodes } from '../../src/protocol/codes.js'
import * as limits from '../../src/protocol/limits.js'
import { serverLimits } from '../../src/protocol/server-limits.js'
import { createEncoder } from '../../src/server/door/encode.js'
import { enter, type Hall, hear, leave, type Pipe } from '../../src/server/door/visitor.js'
import { createHub, type Hub } from '../../src/server/hub.js'
import type { Store } from '../../src/server/store.js'
import { createMemoryStore } from '../../src/server/memory-store.js'

export interface ServerDoor {
  readonly hub: Hub
  readonly store: Store
  /** A connection as the network sees it. A token is taken for the user's name. */
  dial(to: Wire): Dialled
  /** `down` sees every text on its way to the client, and may change it. */
  transport(user: string, down?: (text: string) => string): Transport
  /** Sentences about what no server should say. */
  readonly wrong: string[]
}

export interface Dialled {
  say(text: string): void
  gone(): void
}

interface Wire {
  text(text: string): void
  closed(why: LinkClosed): void
}

export interface DoorOptions {
  readonly now: () => number
  /** Of its epochs, tags and ids. */
  readonly name: string
  /** Default in memory. */
  readonly store?: Store
}

export function serverDoor({ now, name, store = createMemoryStore() }: DoorOptions): ServerDoor {
  const wrong: string[] = []
  let minted = 0
  const note = (text: string, fields?: object) => void wrong.push(`${text} ${JSON.stringify(fields)}`)
  const logger = { debug() {}, info() {}, warn: note, error: note }
  const hub = createHub({
    store,
    clock: { now },
    mint: () => `${name}${++minted}`,
    turn: queueMicrotask,
    logger,
    rate: { perSecond: 1e6, burst: 1e6 },
  })
  const hall: Hall = { hub, tenant: undefined, logger, visitors: new Set(), bufferedBytes: 2 ** 30, now }
  const encoder = createEncoder()
  const pipe: Pipe<Wire> = {
    window: serverLimits.socketWindow,
    waiting: () => 0,
    write(wire, frames, shared) {
      for (const text of encoder.texts(frames, shared)) {
        if (Buffer.byteLength(text) > limits.serverFrameBytes) wrong.push(`A text of ${text.length} characters was said.`)
        wire.text(text)
      }
      return true
    },
    close: (wire, code) => wire.closed({ band: bandOf(closeCodes[code]), code }),
    cut: (wire) => wire.closed({ band: 'retry', code: 'network' }),
  }
  const door: ServerDoor = {
    hub,
    store,
    wrong,
    dial(wire) {
      const visitor = enter(hall, pipe, wire, async (token) => (token ? { userId: token } : 'unauthorized'))
      return {
        say: (text) => void hear(hall, visitor, text, Buffer.byteLength(text)),
        gone: () => (visitor.phase === 'closed' ? undefined : leave(hall, visitor)),
      }
    },
    transport: (user, down = (text) => text) => ({ name: 'texts', open: (to) => openLink(door, user, down, to) }),
  }
  return door
}

function openLink(door: ServerDoor, user: string, down: (text: string) => string, to: Parameters<Transport['open']>[0]) {
  let phase: 'opening' | 'open' | 'closed' = 'opening'
  const finish = (why: LinkClosed) => {
    if (phase === 'closed') return
    phase = 'closed'
    dialled.gone()
    queueMicrotask(() => to.closed(why))
  }
  const dialled = door.dial({
    text: (text) =>
      queueMicrotask(() => {
        const decoded = decodeServerFrames(down(text))
        if (!decoded.ok) return finish({ band: 'retry', code: 'bad-frame', reason: decoded.reason })
        for (const frame of decoded.frames) if (phase === 'open') to.frame(frame)
      }),
    closed: (why) => queueMicrotask(() => finish(why)),
  })
  queueMicrotask(() => {
    if (phase === 'closed') return
    phase = 'open'
    to.opened()
  })
  return {
    send(frame: Parameters<typeof encodeFrames>[0][number]) {
      if (phase === 'open') dialled.say(encodeFrames([frame.type === 'hello' ? ({ ...frame, token: user } as typeof frame) : frame]))
    },
    close: () => finish({ band: 'retry', code: 'closed' }),
  }
}
