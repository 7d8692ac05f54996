/** Mounts a Fetch handler on node:http: bodies stream both ways, and a client that goes away ends the stream it was given. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { bodyOf } from './node-body.js'
import { headersOf, urlOf } from './node-request.js'

type Handler = (request: Request) => Promise<Response>

/**
 * For `createServer(nodeHandler(chat.fetch))`, for `app.use` of Express, for `request.raw` and `reply.raw` of Fastify. A body that a
 * parser has read before is taken from `request.body`; where none stands there, reading it fails with a sentence that says what to do.
 */
export function nodeHandler(handler: Handler): (request: IncomingMessage, response: ServerResponse) => void {
  return (request, response) => void answer(handler, request, response)
}

async function answer(handler: Handler, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const gone = new AbortController()
  // Whoever has the whole answer did not go away: to say so costs more than all else of a small answer.
  response.once('close', () => response.writableFinished || gone.abort())
  response.on('error', () => {})
  try {
    const asked = requestOf(request, response, gone.signal)
    if (asked) await write(await handler(asked), response, gone.signal)
    else response.writeHead(400).end()
  } catch {
    // An answer that has begun can only be broken off.
    if (response.headersSent) response.destroy()
    else response.writeHead(500).end()
  }
}

/** Undefined: no URL, a method that Fetch does not know, or a parsed body that no text can carry. */
function requestOf(request: IncomingMessage, response: ServerResponse, signal: AbortSignal): Request | undefined {
  const { method = 'GET' } = request
  // Demanded for a body that still comes, and not yet known to the types.
  const duplex = { duplex: 'half' }
  try {
    // What a parser has read may be too deep to be written again.
    const body = method === 'GET' || method === 'HEAD' ? undefined : bodyOf(request, response)
    return new Request(urlOf(request), { method, headers: headersOf(request), body, signal, ...duplex })
  } catch {
    return undefined
  }
}

async function write({ status, headers, body }: Response, response: ServerResponse, signal: AbortSignal): Promise<void> {
  response.writeHead(status, Object.fromEntries(headers))
  if (!body) return void response.end()
  const reader = body.getReader()
  const cancel = () => void reader.cancel().catch(() => {})
  if (signal.aborted) return cancel()
  signal.addEventListener('abort', cancel)
  // At once, also while the client reads nothing.
  reader.closed.catch(() => response.destroy())
  for (let next = await reader.read(); !next.done; next = await reader.read()) {
    if (!response.write(next.value) && !response.destroyed) await drained(response)
  }
  response.end()
}

function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      response.off('drain', end)
      response.off('close', end)
      resolve()
    }
    response.on('drain', end)
    response.on('close', end)
  })
}
