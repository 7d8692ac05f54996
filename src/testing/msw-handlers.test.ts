import { http } from 'msw'
import { setupServer } from 'msw/node'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { createChat } from '../index.js'
import { memoryStore } from '../server/memory-store.js'
import { type ChatServer, createChatServer } from '../server/server.js'
import { sseTransport } from '../transports/sse/index.js'
import { type MswHttp, mswHandlers } from './msw-handlers.js'

const url = 'http://chat.test/chat'
const mocked = setupServer()
let server: ChatServer

beforeEach(() => {
  server = createChatServer({ store: memoryStore(), auth: ({ token }) => (token ? { userId: token } : null), joinOnOpen: true })
  mocked.listen({ onUnhandledRequest: 'error' })
})
afterEach(async () => {
  mocked.resetHandlers()
  mocked.close()
  await server.close()
})

it('answers a chat over server-sent events', async () => {
  mocked.use(...mswHandlers({ http, url, server }))
  const chat = createChat<{ text: string }>({ user: 'ann', transport: sseTransport({ url, token: 'ann' }) })
  const { timeline, send } = chat.conversation('lunch')
  const stop = timeline.subscribe(() => {})
  chat.connect()
  await chat.settled(send({ text: 'hi' }))
  await server.post({ id: '1', conversation: 'lunch', author: 'bob', content: { text: 'ho' } })
  await vi.waitFor(() => expect(timeline.get().messages.map(({ content }) => content?.text)).toEqual(['hi', 'ho']))
  stop()
  await chat.close()
})

it('refuses as the server does', async () => {
  mocked.use(...mswHandlers({ http, url, server }))
  const headers = { accept: 'text/event-stream' }
  const answers = [await fetch(url, { headers }), await fetch(url, { method: 'POST', headers: { 'chatloom-link': 'none' }, body: '[]' })]
  expect(answers.map(({ status }) => status)).toEqual([401, 410])
  expect(await answers[0]?.json()).toEqual({ code: 'unauthorized' })
})

it('tells the server that a stream was broken off', async () => {
  const over = new Promise((resolve) => {
    const stream = new ReadableStream({ start: (controller) => controller.enqueue(new Uint8Array(1)), cancel: resolve })
    mocked.use(
      ...mswHandlers({ http, url, server: { fetch: async () => new Response(stream, { status: 203, headers: { 'x-own': 'kept' } }) } }),
    )
  })
  const abort = new AbortController()
  const { status, headers, body } = await fetch(url, { signal: abort.signal })
  expect([status, headers.get('x-own')]).toEqual([203, 'kept'])
  await body?.getReader().read()
  abort.abort(new Error('gone'))
  expect(await over).toEqual(new Error('gone'))
})

it('says what to run where msw is missing', () => {
  const missing = undefined as unknown as MswHttp<never>
  expect(() => mswHandlers({ http: missing, url, server })).toThrow(
    "mswHandlers: http is missing. Run: npm install --save-dev msw@2.15.0, and pass it: import { http } from 'msw'",
  )
})
