/** `chatloom serve --dev`: a chat server for this machine alone, where any token is a user's name. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { jsonLogger } from './logger.js'
import { memoryStore } from './memory-store.js'
import { nodeHandler } from './node-handler.js'
import { createChatServer } from './server.js'
import { sqliteStore } from './sqlite-store.js'

const usage = `Usage: chatloom serve --dev [--port 8787] [--data DIR]
  --dev    any token is a user's name, conversations begin when they are opened; this machine only
  --port   default 8787; 0 takes any free one
  --data   a folder for the database; without it messages live in memory and end with the process
  --help   this text
Another command, chatloom conformance <url>, asks a running server what docs/protocol.md promises;
and chatloom audit <file> … compares what was sent with what was shown. Their --help says more.`

const loopback = '127.0.0.1'
const drainMs = 500

interface ServeOptions {
  readonly port: number
  readonly data: string | undefined
}

/** Null: only help is asked for. */
function readArguments(args: readonly string[]): ServeOptions | null {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      help: { type: 'boolean', short: 'h' },
      dev: { type: 'boolean' },
      port: { type: 'string', default: '8787' },
      data: { type: 'string' },
    },
  })
  if (values.help) return null
  if (positionals.length === 0) throw new Error('No command was given: there are serve, conformance and audit.')
  if (positionals.join(' ') !== 'serve') throw new Error(`There is no command "${positionals.join(' ')}".`)
  if (!values.dev)
    throw new Error('Only --dev can be served from here: real tokens need your own code, see createChatServer in chatloom/server.')
  const port = Number(values.port)
  if (values.port === '' || !Number.isInteger(port) || port < 0 || port > 65_535)
    throw new Error(`The port must be a number from 0 to 65535, but is ${values.port || 'empty'}.`)
  if (values.data === '') throw new Error('The folder for the database must be named: --data DIR.')
  return { port, data: values.data }
}

/** Pages of this machine may come in; a page from elsewhere that reaches for localhost may not. */
function isLocal(origin: string): boolean {
  const { hostname } = new URL(origin)
  return hostname === 'localhost' || hostname === loopback || hostname === '[::1]' || hostname.endsWith('.localhost')
}

function serve({ port, data }: ServeOptions): void {
  const chat = createChatServer({
    store: data === undefined ? memoryStore() : sqliteStore({ path: join(data, 'chat.db') }),
    auth: ({ token }) => (token ? { userId: token, profile: { name: token } } : null),
    origins: isLocal,
    logger: jsonLogger(),
    joinOnOpen: true,
  })
  const http = createServer(nodeHandler(chat.fetch))
  chat.attach(http)
  http.on('error', (error) => fail(`Port ${port} cannot be used: ${error.message}. Give another one with --port.`))
  http.listen(port, loopback, () => greet((http.address() as AddressInfo).port, data))
  const stop = async () => {
    await chat.close({ drainMs })
    http.close()
    http.closeAllConnections()
  }
  process.once('SIGTERM', () => void stop())
  process.once('SIGINT', () => void stop())
}

function greet(port: number, data: string | undefined): void {
  console.log(`chatloom listens on ws://${loopback}:${port}  (development: this machine only, any token is a user's name)
Messages are kept in ${data === undefined ? 'memory and end with this process; --data DIR keeps them' : data}.

  import { createChat } from 'chatloom'
  import { webSocketTransport } from 'chatloom/websocket'
  const chat = createChat({ user: 'ann', transport: webSocketTransport({ url: 'ws://${loopback}:${port}', token: 'ann' }) })
  chat.connect()
  const talk = chat.conversation('hello')
  talk.timeline.subscribe(view => console.log(view.messages.map(message => message.content)))
  talk.send({ text: 'Hello!' })`)
}

function fail(sentence: string): void {
  console.error(sentence)
  process.exitCode = 1
}

try {
  const options = readArguments(process.argv.slice(2))
  if (options) serve(options)
  else console.log(usage)
} catch (error) {
  fail(`${error instanceof Error ? error.message : String(error)}\n\n${usage}`)
}
