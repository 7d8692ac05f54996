/**
 * A server in a process of its own: over a file, at a port that may be known before, with tokens that say how long they last.
 *   node harbour.mjs <file> <port> <listen at, epoch ms> <rooms to put> <members of each>
 */
import { createServer } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { createChatServer, nodeHandler, sqliteStore } from '../../src/server/index.js'
import { answering } from './answering.js'

const [path = '', port, listenAt, rooms, perRoom] = process.argv.slice(2)

/** When connections were taken in, epoch ms; those that end in a refusal too. */
const arrivals: number[] = []

/** Links that were cut, because they did not read. */
let cut = 0
let heardOfCut = () => {}
const info = (text: string) => {
  if (text !== 'slow-consumer') return
  cut += 1
  heardOfCut()
}

const chat = createChatServer({
  logger: { debug() {}, info, warn() {}, error: console.error },
  store: sqliteStore({ path }),
  auth({ token = '' }) {
    return JSON.parse(token) as { userId: string; expiresAt?: number }
  },
})
const http = createServer(nodeHandler(chat.fetch))
/** Most bytes that ever waited unsent, by the port at the other end. */
const waited = new Map<number, number>()
http.on('connection', (socket: Socket) => {
  const port = socket.remotePort ?? 0
  const write = socket.write.bind(socket) as (...given: unknown[]) => boolean
  socket.write = (...given: unknown[]) => {
    const isTaken = write(...given)
    if (!isTaken) waited.set(port, Math.max(waited.get(port) ?? 0, socket.writableLength))
    return isTaken
  }
})
http.on('upgrade', () => arrivals.push(Date.now()))
chat.attach(http)

for (let room = 0; room < Number(rooms); room++) {
  const members = Array.from({ length: Number(perRoom) }, (_, i) => `u${room * Number(perRoom) + i}`)
  await chat.conversations.put({ id: `r${room}`, members })
}

const listening = new Promise<number>((resolve) =>
  setTimeout(() => http.listen(Number(port), '127.0.0.1', 4_096, () => resolve(Date.now())), Math.max(0, Number(listenAt) - Date.now())),
)
answering({
  /** Epoch ms. */
  listening: () => listening,
  port: () => (http.address() as AddressInfo).port,
  arrivals: () => arrivals,
  /** Resolves when so many are. */
  async cut(links: number) {
    while (cut < links) {
      await new Promise<void>((resolve) => {
        heardOfCut = resolve
      })
    }
  },
  waited: (port: number) => waited.get(port) ?? 0,
  rss: () => process.memoryUsage().rss,
})
