/** The door for server-sent events against a clock: how long a link waits for a stream, and what keeps a quiet one awake. */
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { memoryStore } from '../../memory-store.js'
import { type ChatServer, createChatServer } from '../../server.js'

let server: ChatServer
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'Date'] })
  server = createChatServer({ store: memoryStore(), auth: ({ token = '' }) => ({ userId: token }), limits: { helloMs: 60_000 } })
})
afterEach(async () => {
  await server.close()
  vi.runOnlyPendingTimers()
  expect(vi.getTimerCount()).toBe(0)
  vi.useRealTimers()
})

async function stream(headers: Record<string, string> = {}) {
  const request = new Request('http://x/', { headers: { accept: 'text/event-stream', authorization: 'Bearer ann', ...headers } })
  const answer = await server.fetch(request)
  const reader = answer.body!.getReader()
  const read = async () => Buffer.from((await reader.read()).value ?? '').toString()
  return { status: answer.status, reader, read }
}
const nameIn = (text: string) => (JSON.parse(/data: (.*)/.exec(text)?.[1] ?? '') as { link: string }).link
const links = async () => ((await (await server.fetch(new Request('http://x/health'))).json()) as { links: number }).links

it('writes a comment every 15 s', async () => {
  const { read } = await stream()
  await read()
  vi.advanceTimersByTime(15_000)
  expect(await read()).toBe(':\n\n')
  vi.advanceTimersByTime(15_000)
  expect(await read()).toBe(':\n\n')
})

it('keeps a link without a stream for 10 s', async () => {
  const first = await stream()
  const name = nameIn(await first.read())
  await first.reader.cancel()
  vi.advanceTimersByTime(9_999)
  expect(await links()).toBe(1)
  const second = await stream({ 'chatloom-link': name })
  expect(nameIn(await second.read())).toBe(name)
  vi.advanceTimersByTime(20_000)
  expect(await links()).toBe(1)
  await second.reader.cancel()
  vi.advanceTimersByTime(10_000)
  expect(await links()).toBe(0)
  expect((await stream({ 'chatloom-link': name })).status).toBe(410)
})

it('does not miss the stream that another has followed', async () => {
  const first = await stream()
  const name = nameIn(await first.read())
  // Something of it is still unread.
  vi.advanceTimersByTime(15_000)
  const second = await stream({ 'chatloom-link': name })
  await first.reader.cancel()
  vi.advanceTimersByTime(20_000)
  expect(await links()).toBe(1)
  expect(nameIn(await second.read())).toBe(name)
})

it('leaves no timer behind when a link ends that has no stream', async () => {
  const { read, reader } = await stream()
  await read()
  const resting = vi.getTimerCount()
  await reader.cancel()
  expect(vi.getTimerCount()).toBe(resting + 1)
  await server.close()
  expect(vi.getTimerCount()).toBe(0)
})

it('cuts a stream whose end nobody reads', async () => {
  const { read, reader } = await stream()
  await read()
  await server.close()
  vi.advanceTimersByTime(5_000)
  await expect(reader.read()).rejects.toThrow('its end was not read')
})

it('lets a stream go whose end is read', async () => {
  const { read, reader } = await stream()
  await read()
  await server.close()
  expect(await read()).toBe('event: close\ndata: 4000\n\n')
  expect(await reader.read()).toEqual({ done: true, value: undefined })
  vi.advanceTimersByTime(5_000)
  await reader.closed
})

it('answers a POST behind what its frames have caused', async () => {
  const { read } = await stream()
  const name = nameIn(await read())
  const post = (frame: object) =>
    server.fetch(new Request('http://x/', { method: 'POST', headers: { 'chatloom-link': name }, body: JSON.stringify(frame) }))
  await post({ type: 'hello', version: 1, user: 'ann', device: 'd', lane: 'l', link: 1 })
  await read()
  const order: string[] = []
  await Promise.all([
    read().then((text) => order.push(text)),
    post({ type: 'ping', n: 1 }).then(({ status }) => order.push(String(status))),
  ])
  expect(order).toEqual([expect.stringContaining('pong'), '204'])
})
