import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import type { LinkClosed } from '../../ports/transport.js'
import { createUplink } from './uplink.js'

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
})
afterEach(() => {
  vi.useRealTimers()
})

it('gives up on a POST that is not answered within 30 s', async () => {
  const ends: LinkClosed[] = []
  const uplink = createUplink(
    () => new Promise(() => {}),
    (why) => ends.push(why),
  )
  uplink.send({ type: 'ping', n: 1 })
  await Promise.resolve()
  vi.advanceTimersByTime(29_999)
  expect(ends).toEqual([])
  vi.advanceTimersByTime(1)
  expect(ends).toEqual([{ band: 'retry', code: 'timeout', reason: expect.stringContaining('30000 ms') }])
})

it('leaves no timer behind a POST that is answered', async () => {
  const uplink = createUplink(
    async () => new Response(null, { status: 204 }),
    () => {},
  )
  uplink.send({ type: 'ping', n: 1 })
  await Promise.resolve()
  expect(vi.getTimerCount()).toBe(1)
  await new Promise(setImmediate)
  expect(vi.getTimerCount()).toBe(0)
})

it('posts nothing once closed, not even what waited', async () => {
  const bodies: string[] = []
  const uplink = createUplink(
    async (body) => {
      bodies.push(body)
      return new Response(null, { status: 204 })
    },
    () => {},
  )
  uplink.send({ type: 'ping', n: 1 })
  uplink.close()
  await Promise.resolve()
  expect(bodies).toEqual([])
  expect(vi.getTimerCount()).toBe(0)
})
