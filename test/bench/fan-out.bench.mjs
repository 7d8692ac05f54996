/**
 * Server CPU per delivery (A6): a message of 100 bytes or so to every member of a room, its sender included, and the ack to the sender.
 * The server has a process of its own; members are thin sockets in this one, which count what comes and do not parse it.
 * Limit: raw ws with prepared frames. Peer: socket.io.
 */
import { handSocket } from './parts/hand-socket.mjs'
import { interleaved } from './parts/rounds.mjs'
import { startServer } from './parts/server-process.mjs'
import { table } from './parts/table.mjs'

const rooms = [
  // The first eight rounds of a new process are of code that is compiled, found wanting and compiled again.
  { members: 2, messages: 2_000, warmUp: 10 },
  { members: 100, messages: 640, warmUp: 3 },
  { members: 1_000, messages: 160, warmUp: 3 },
]
const inFlight = 16
const content = { text: 'until what was thread has become cloth' }

const kinds = {
  chatloom: {
    delivery: '"type":"change"',
    ack: '"type":"ack"',
    async arrive(server, room, user) {
      const socket = await handSocket(server.port, '/')
      const say = async (frame, answer) => {
        const heard = socket.heard(answer)
        socket.send(JSON.stringify(frame))
        await heard
      }
      await say({ type: 'hello', version: 1, user, device: user, lane: user, link: 1, token: user }, '"welcome"')
      await say({ type: 'inbox', request: 1 }, '"inbox"')
      await say({ type: 'open', request: 2, conversation: room }, '"opened"')
      return socket
    },
    message: (room, localId) => ({ type: 'operation', conversation: room, localId, try: 1, operation: { kind: 'send', content } }),
    text: (message) => JSON.stringify(message),
  },
  socketio: {
    delivery: '42["message"',
    ack: '431[',
    async arrive(server, room) {
      const socket = await handSocket(server.port, '/socket.io/?EIO=4&transport=websocket')
      const connected = socket.heard('40{')
      socket.send('40')
      await connected
      const joined = socket.heard('430[')
      socket.send(`420${JSON.stringify(['join', room])}`)
      await joined
      return socket
    },
    message: (room, localId) => ({ type: 'message', room, localId, content }),
    text: (message) => `421${JSON.stringify(['message', message])}`,
  },
  ws: {
    delivery: '"type":"message"',
    ack: '"ack":',
    async arrive(server, room) {
      const socket = await handSocket(server.port, '/')
      socket.send(JSON.stringify({ join: room }))
      return socket
    },
    message: (room, localId) => ({ type: 'message', room, localId, content }),
    text: (message) => JSON.stringify(message),
  },
}

/** How often the marker stands in a stream of bytes, chunk by chunk. */
function counter(marker) {
  const size = marker.length - 1
  let rest = Buffer.alloc(0)
  return (bytes) => {
    const all = rest.length > 0 ? Buffer.concat([rest, bytes]) : bytes
    let count = 0
    let end = 0
    for (let at = all.indexOf(marker); at >= 0; at = all.indexOf(marker, end)) {
      count += 1
      end = at + marker.length
    }
    rest = Buffer.from(all.subarray(Math.max(end, all.length - size)))
    return count
  }
}

/** A room with all its members; `run` gives the CPU per delivery, µs. */
async function fill(kind, server, { members, messages }) {
  const { delivery, ack, arrive, message, text } = kinds[kind]
  const room = `room-of-${members}`
  const users = Array.from({ length: members }, (_, i) => `${room}-${i}`)
  if (kind === 'chatloom') await server.put({ id: room, members: users })
  let delivered = 0
  let all = () => {}
  let wanted = 0
  const sockets = []
  for (const user of users) {
    const socket = await arrive(server, room, user)
    const deliveries = counter(delivery)
    const acks = counter(ack)
    socket.onBytes((bytes) => {
      delivered += deliveries(bytes)
      for (let n = acks(bytes); n > 0; n--) socket.acked?.()
      if (delivered === wanted) all()
    })
    sockets.push(socket)
  }
  let last = 0
  return async (flying) => {
    const count = flying === 1 ? messages / 4 : messages
    delivered = 0
    wanted = count * members
    const done = new Promise((resolve) => {
      all = resolve
    })
    let left = count
    const send = (socket) => {
      if (left-- > 0) socket.send(text(message(room, `${room}-${++last}`)))
    }
    for (const socket of sockets) socket.acked = () => send(socket)
    const before = await server.usage()
    for (let i = 0; i < flying; i++) send(sockets[i % sockets.length])
    await done
    // Also what the server does after the last delivery.
    await new Promise((resolve) => setTimeout(resolve, 20))
    return ((await server.usage()) - before) / wanted
  }
}

const servers = Object.fromEntries(await Promise.all(Object.keys(kinds).map(async (kind) => [kind, await startServer(kind)])))
const found = table()
for (const room of rooms) {
  const { warmUp } = room
  const filled = {}
  for (const kind of Object.keys(kinds)) filled[kind] = await fill(kind, servers[kind], room)
  for (const flying of [inFlight, 1]) {
    const run = (kind) => () => filled[kind](flying)
    const result = await interleaved({ limit: run('ws'), chatloom: run('chatloom'), peer: run('socketio') }, { rounds: 9, warmUp })
    found.row({
      figure: `fan-out CPU per delivery, ${room.members} members, ${flying} in flight`,
      value: result.chatloom,
      unit: 'µs',
      limit: result.limit,
      peer: ['socket.io', result.peer],
      ...(room.members === 100 ? { most: flying === 1 ? 0.9 : 0.35, against: 'peer' } : {}),
    })
  }
}
found.end()
await Promise.all(Object.values(servers).map((server) => server.stop()))
process.exit(0)
