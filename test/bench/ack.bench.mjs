/**
 * From `talk.send()` to the snapshot that shows `sent` (A6): shipped client and server over a real socket on loopback,
 * memory storage and store, the servers in processes of their own; once with client and server on one processor, where all work of
 * both counts, once on two, where it may overlap and every wake-up costs.
 * Limit: raw ws, JSON at both ends, a map of acks. Peer: socket.io's emit with ack.
 */
import { performance } from 'node:perf_hooks'
import { io } from 'socket.io-client'
import { WebSocket } from 'ws'
import { entry } from './parts/built.mjs'
import { placements } from './parts/placement.mjs'
import { interleaved, median } from './parts/rounds.mjs'
import { startServer } from './parts/server-process.mjs'
import { until } from './parts/sitting.mjs'
import { table } from './parts/table.mjs'

const sends = 300
const content = (n) => ({ text: `until what was thread has become cloth ${n}` })

/** The p50 of one round of sends, one after the other, µs. */
async function p50(send) {
  const times = []
  for (let n = 0; n < sends; n++) {
    const startedMs = performance.now()
    await send(n)
    times.push((performance.now() - startedMs) * 1_000)
  }
  return median(times)
}

async function chatloom() {
  const [{ createChat }, { webSocketTransport }] = await Promise.all([entry('index'), entry('transports/websocket/index')])
  const server = await startServer('chatloom')
  await server.put({ id: 'c0', members: ['me', 'other'] })
  const chat = createChat({ user: 'me', transport: webSocketTransport({ url: `ws://127.0.0.1:${server.port}`, token: 'me', WebSocket }) })
  const talk = chat.conversation('c0')
  let sent = () => {}
  let waitsFor = ''
  talk.timeline.subscribe(({ messages }) => {
    const last = messages[messages.length - 1]
    if (last?.localId === waitsFor && last.status === 'sent') sent()
  })
  chat.connect()
  await until(() => talk.timeline.get().state === 'ready', 1_000_000)
  const send = (n) =>
    new Promise((resolve) => {
      sent = resolve
      waitsFor = talk.send(content(n))
    })
  const end = async () => {
    await chat.close()
    await server.stop()
  }
  return { server, run: () => p50(send), end }
}

async function rawWebSocket() {
  const server = await startServer('ws')
  const socket = new WebSocket(`ws://127.0.0.1:${server.port}`, { perMessageDeflate: false })
  await new Promise((resolve) => socket.once('open', resolve))
  const waiting = new Map()
  socket.on('message', (data) => {
    const { ack } = JSON.parse(String(data))
    waiting.get(ack)()
    waiting.delete(ack)
  })
  let last = 0
  const send = (n) =>
    new Promise((resolve) => {
      const localId = `local-${++last}`
      waiting.set(localId, resolve)
      socket.send(JSON.stringify({ type: 'message', conversation: 'c0', localId, content: content(n) }))
    })
  const end = async () => {
    socket.terminate()
    await server.stop()
  }
  return { server, run: () => p50(send), end }
}

async function socketIo() {
  const server = await startServer('socketio')
  const socket = io(`http://127.0.0.1:${server.port}`, { transports: ['websocket'] })
  await new Promise((resolve) => socket.once('connect', resolve))
  let last = 0
  const send = (n) =>
    new Promise((resolve) => socket.emit('message', { room: 'none', localId: `local-${++last}`, content: content(n) }, resolve))
  const end = async () => {
    socket.close()
    await server.stop()
  }
  return { server, run: () => p50(send), end }
}

const [ours, raw, peer] = await Promise.all([chatloom(), rawWebSocket(), socketIo()])
const found = table()
for (const { name, seat } of placements([ours.server, raw.server, peer.server])) {
  if (!seat()) continue
  const result = await interleaved({ limit: raw.run, chatloom: ours.run, peer: peer.run }, { rounds: 15, warmUp: 12 })
  found.row({
    figure: `ack round trip, p50, ${name}`,
    value: result.chatloom,
    unit: 'µs',
    limit: result.limit,
    peer: ['socket.io', result.peer],
    most: 1.6,
    against: 'limit',
  })
}
found.end()
await Promise.all([ours.end(), raw.end(), peer.end()])
process.exit(0)
