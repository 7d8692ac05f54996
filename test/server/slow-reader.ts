/** A shipped chat, in a process of its own, whose socket can be kept from being read: node slow-reader.mjs <url>. */
import type { Socket } from 'node:net'
import { WebSocket } from 'ws'
import { createChat } from '../../src/index.js'
import { webSocketTransport } from '../../src/transports/websocket/index.js'
import { answering } from './answering.js'

const sockets: WebSocket[] = []
const ports: number[] = []

class Watched extends WebSocket {
  constructor(address: string) {
    super(address)
    sockets.push(this)
    this.on('upgrade', ({ socket }: { socket: Socket }) => ports.push(socket.localPort ?? 0))
  }
}

const token = JSON.stringify({ userId: 'u0' })
const chat = createChat<{ n: number }>({
  user: 'u0',
  transport: webSocketTransport({ url: process.argv[2] ?? '', token, WebSocket: Watched }),
})
const talk = chat.conversation('r0')
const heard: number[] = []
let changed = () => {}
talk.timeline.subscribe(() => changed())
chat.on('message', ({ message }) => {
  heard.push(message.content?.n ?? Number.NaN)
  changed()
})

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) {
    await new Promise<void>((resolve) => {
      changed = resolve
    })
  }
}

answering({
  async open() {
    chat.connect()
    await until(() => talk.timeline.get().state === 'ready')
  },
  stall: () => sockets.at(-1)?.pause(),
  /** Resolves when the first `count` messages are heard. */
  async goOn(count: number) {
    sockets.at(-1)?.resume()
    await until(() => heard.length >= count)
  },
  async all(count: number) {
    await until(() => heard.length >= count)
    return { heard, ports }
  },
})
