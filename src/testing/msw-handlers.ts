/** A chat backend for component tests that mock their HTTP with msw: the server's door for server-sent events behind one handler. */
import type { ChatServer } from '../server/server.js'

/** What is asked of msw's `http`, so that msw's types stay its own. */
export interface MswHttp<Handler> {
  all(url: string, answer: (of: { readonly request: Request }) => Promise<Response>): Handler
}

export interface MswHandlersOptions<Handler> {
  /** msw's own: `import { http } from 'msw'`. */
  readonly http: MswHttp<Handler>
  /** The `url` that `sseTransport` is given. */
  readonly url: string
  /** Such as `createChatServer({ store: memoryStore(), auth, joinOnOpen: true })`. */
  readonly server: Pick<ChatServer, 'fetch'>
}

/** Handlers for `setupServer` or `use` of msw that answer `sseTransport({ url })`. Throws `TypeError` where `http` is missing. */
export function mswHandlers<Handler>({ http, url, server }: MswHandlersOptions<Handler>): Handler[] {
  if (typeof http?.all !== 'function') {
    throw new TypeError("mswHandlers: http is missing. Run: npm install --save-dev msw@2.15.0, and pass it: import { http } from 'msw'")
  }
  return [http.all(url, async ({ request }) => brokenOffBy(request.signal, await server.fetch(request)))]
}

/** msw does not tell a mocked body that its request was broken off, so the server would keep the link. */
function brokenOffBy(signal: AbortSignal, response: Response): Response {
  const { body, status, headers } = response
  if (!body) return response
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>()
  body.pipeTo(writable, { signal }).catch(() => {})
  return new Response(readable, { status, headers })
}
