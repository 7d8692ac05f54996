/**
 * What an idle connection keeps resident in the server's process (A6): 5,000 of them, after garbage collection, above the same process
 * with none. Ours are welcomed and have read their inbox, as the shipped client does at once. Each server has had 500 before.
 * Limit: raw TCP. Peers: raw ws, socket.io.
 */
import { handSocket } from './parts/hand-socket.mjs'
import { startServer } from './parts/server-process.mjs'
import { table } from './parts/table.mjs'

const connections = 5_000
const atOnce = 100

const arrivals = {
  tcp: (port) => handSocket(port),
  ws: (port) => handSocket(port, '/'),
  async socketio(port) {
    const socket = await handSocket(port, '/socket.io/?EIO=4&transport=websocket')
    const joined = socket.heard('40{')
    socket.send('40')
    await joined
    return socket
  },
  async chatloom(port, n) {
    const socket = await handSocket(port, '/')
    const user = `user-${n}`
    const welcomed = socket.heard('"welcome"')
    socket.send(JSON.stringify({ type: 'hello', version: 1, user, device: `device-${n}`, lane: `lane-${n}`, link: 1, token: user }))
    await welcomed
    const listed = socket.heard('"inbox"')
    socket.send(JSON.stringify({ type: 'inbox', request: 1 }))
    await listed
    return socket
  },
}

/** KB resident per idle connection. */
async function idle(kind) {
  const server = await startServer(kind)
  const arrive = async (count, first) => {
    const sockets = []
    for (let n = 0; n < count; n += atOnce) {
      sockets.push(...(await Promise.all(Array.from({ length: atOnce }, (_, i) => arrivals[kind](server.port, first + n + i)))))
    }
    return sockets
  }
  for (const socket of await arrive(500, 100_000)) socket.end()
  await new Promise((resolve) => setTimeout(resolve, 500))
  const empty = await server.rss()
  const sockets = await arrive(connections, 0)
  const full = await server.rss()
  for (const socket of sockets) socket.end()
  await server.stop()
  return (full - empty) / connections / 1_000
}

const kb = {}
for (const kind of ['tcp', 'ws', 'socketio', 'chatloom']) kb[kind] = await idle(kind)
const found = table()
found.row({ figure: 'idle connection, RSS', value: kb.chatloom, unit: 'KB', limit: kb.tcp, peer: ['socket.io', kb.socketio], most: 10 })
found.row({ figure: 'idle connection, RSS, raw ws', value: kb.ws, unit: 'KB', limit: kb.tcp })
found.end()
process.exit(0)
