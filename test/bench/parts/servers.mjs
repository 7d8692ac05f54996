/**
 * One server in a process of its own, so that its CPU time and memory are its alone: `chatloom`, `socketio`, `ws` (raw, prepared
 * frames) or `tcp`. All do the same: a message is acknowledged to its sender and told to every member of its room.
 */
import { createServer as createHttpServer } from 'node:http'
import { createServer as createTcpServer } from 'node:net'

const kinds = {
  async chatloom() {
    const { entry } = await import('./built.mjs')
    const { createChatServer, memoryStore, nodeHandler } = await entry('server/index')
    const server = createChatServer({
      store: memoryStore(),
      auth: ({ token }) => ({ userId: token }),
      limits: { framesPerSecond: 1_000_000, frameBurst: 1_000_000 },
    })
    const http = createHttpServer(nodeHandler(server.fetch))
    server.attach(http)
    return { listener: http, put: (conversation) => server.conversations.put(conversation) }
  },

  async socketio() {
    const { Server } = await import('socket.io')
    const http = createHttpServer()
    // Members made by hand answer no pings: a short interval would cut them in mid-run.
    const io = new Server(http, { pingInterval: 600_000, transports: ['websocket'], perMessageDeflate: false, serveClient: false })
    io.on('connection', (socket) => {
      socket.on('join', (room, ack) => {
        socket.join(room)
        ack()
      })
      socket.on('message', (message, ack) => {
        io.to(message.room).emit('message', message)
        ack({ localId: message.localId })
      })
    })
    return { listener: http }
  },

  async ws() {
    const { WebSocketServer, Sender } = await import('ws')
    const http = createHttpServer()
    const server = new WebSocketServer({ server: http, perMessageDeflate: false })
    const rooms = new Map()
    server.on('connection', (socket, request) => {
      socket.on('message', (data) => {
        const message = JSON.parse(String(data))
        if (message.join) return rooms.set(message.join, [...(rooms.get(message.join) ?? []), request.socket])
        socket.send(JSON.stringify({ ack: message.localId }))
        const members = rooms.get(message.room)
        if (!members) return
        const [head, body] = Sender.frame(Buffer.from(JSON.stringify(message)), { fin: true, opcode: 1, mask: false, readOnly: true })
        const frame = Buffer.concat([head, body])
        for (const member of members) member.write(frame)
      })
    })
    return { listener: http }
  },

  async tcp() {
    return { listener: createTcpServer((socket) => socket.on('error', () => {})) }
  },
}

const { listener, put } = await kinds[process.argv[2]]()

process.on('message', async ({ call, what, argument }) => {
  const answers = {
    put: () => put(argument),
    usage() {
      const { user, system } = process.cpuUsage()
      return user + system
    },
    async rss() {
      for (let i = 0; i < 4; i++) {
        await new Promise((resolve) => setTimeout(resolve, 100))
        globalThis.gc()
      }
      return process.memoryUsage().rss
    },
  }
  process.send({ call, answer: await answers[what]() })
})
process.on('disconnect', () => process.exit(0))
listener.listen(0, '127.0.0.1', 16_384, () => process.send({ port: listener.address().port }))
