/**
 * The server of a storm, in a process of its own: over a file, at a port that is known before, with tokens that say how long they last.
 *   node harbour.mjs <file> <port> <listen at, epoch ms> <rooms to put> <members of each>
 */
import { createServer } from 'node:http'
import { createChatServer, nodeHandler, sqliteStore } from '../../src/server/index.js'
import { answering } from './answering.js'

const [path = '', port, listenAt, rooms, perRoom] = process.argv.slice(2)

/** When connections were taken in, epoch ms; those that end in a refusal too. */
const arrivals: number[] = []

const chat = createChatServer({
  store: sqliteStore({ path }),
  auth({ token = '' }) {
    const { userId, expiresAt } = JSON.parse(token) as { userId: string; expiresAt: number }
    return { userId, expiresAt }
  },
})
const http = createServer(nodeHandler(chat.fetch))
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
  listening: () => listening,
  arrivals: () => arrivals,
  rss: () => process.memoryUsage().rss,
})
