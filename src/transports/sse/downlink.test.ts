/** How long a stream may be held back before the session is told so. */
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { record } from '../../testing/transport-cases/ground.js'
import { sseTransport } from './index.js'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

it('a stream that begins and brings nothing is said to be held back after 10 s, and no later', async () => {
  const stream = new ReadableStream<Uint8Array>()
  const fetch = async () => new Response(stream, { headers: { 'content-type': 'text/event-stream' } })
  const link = record(sseTransport({ url: 'http://somewhere', fetch }))
  await vi.advanceTimersByTimeAsync(9_999)
  expect(link.told).toEqual([])
  await vi.advanceTimersByTimeAsync(1)
  expect(link.told).toEqual(['closed'])
  expect(await link.closed()).toMatchObject({ band: 'retry', code: 'buffered' })
})
