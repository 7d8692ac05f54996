/**
 * The demo's server: the chat server on SQLite, with WebSockets at any path and server-sent events at /chat, the built page, and
 * routes that tell of links and harm them (links.mjs). A token is a user name, so it listens on this machine alone unless HOST says otherwise. Ended in any way,
 * it goes on from the same data folder.
 *   PORT      default 8080
 *   HOST      default 127.0.0.1
 *   DATA_DIR  default .data
 */
import { mkdirSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { createChatServer, nodeHandler, sqliteStore } from 'chatloom/server'
import { createLinks } from './links.mjs'
import { pages } from './pages.mjs'
import { isPerson, seed } from './seed.mjs'

const { PORT = '8080', HOST = '127.0.0.1', DATA_DIR = '.data' } = process.env

mkdirSync(DATA_DIR, { recursive: true })

const chat = createChatServer({
  store: openStore(join(DATA_DIR, 'demo.sqlite')),
  auth: ({ token }) => (isPerson(token) ? { userId: token, profile: { name: token } } : null),
})

const links = createLinks()
const events = nodeHandler(chat.fetch)
const page = pages(new URL('dist/', import.meta.url))
const urlOf = (request) => new URL(request.url ?? '/', 'http://demo')

const server = createServer((request, response) => {
  const url = urlOf(request)
  const answer = links.answer(request.method, url)
  if (answer) return response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer))
  if (url.pathname !== '/chat') return void page(url.pathname, response)
  if (!links.events(url, request, response)) events(request, response)
})

server.on('upgrade', (request, socket, head) => {
  const url = urlOf(request)
  if (links.holdsUp(url, socket)) return
  links.socket(url, socket)
  chat.handleUpgrade(request, socket, head)
})

/** Its errors say what to do: another process has the file, or an engine is missing. */
function openStore(path) {
  try {
    return sqliteStore({ path })
  } catch (error) {
    console.error(error.message)
    process.exit(1)
  }
}

server.on('error', (error) => {
  const advice = error.code === 'EADDRINUSE' ? ' Another program has the port: set PORT to a free one.' : ''
  console.error(`The demo could not listen on port ${PORT}: ${error.message}.${advice}`)
  process.exit(1)
})

await seed(chat)
server.listen(Number(PORT), HOST, () => {
  const { address, port } = server.address()
  const host = address === '127.0.0.1' ? 'localhost' : address
  console.log(
    `\n  chatloom demo   http://${host}:${port}/\n  one user alone  http://${host}:${port}/?user=ana\n  data            ${DATA_DIR}/\n`,
  )
})

async function stop() {
  server.close()
  await chat.close({ drainMs: 200 })
  process.exit(0)
}
process.once('SIGTERM', stop)
process.once('SIGINT', stop)
