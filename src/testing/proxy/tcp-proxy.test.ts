import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { virtualClock } from '../virtual-clock.js'
import type { TcpFaults } from './tcp-faults.js'
import { type TcpProxy, type TcpProxyOptions, tcpProxy } from './tcp-proxy.js'

let target: Server
let served: Socket[]
const proxies: TcpProxy[] = []
const clients: Socket[] = []

beforeEach(async () => {
  served = []
  target = createServer((socket) => {
    served.push(socket)
    socket.on('error', () => {})
    socket.pipe(socket)
  })
  target.listen(0, '127.0.0.1')
  await once(target, 'listening')
})

afterEach(async () => {
  for (const client of clients.splice(0)) client.destroy()
  await Promise.all(proxies.splice(0).map((proxy) => proxy.close()))
  for (const socket of served) socket.destroy()
  target.close()
})

const portOf = (server: Server) => (server.address() as AddressInfo).port

async function proxied(faults: TcpFaults = {}, options: Partial<TcpProxyOptions> = {}): Promise<TcpProxy> {
  const proxy = await tcpProxy({ target: () => portOf(target), ...options })
  proxies.push(proxy)
  await proxy.set(faults)
  return proxy
}

/** A client and all that it hears; what goes wrong is kept as the code of the error. */
function dial(port: number) {
  const socket = connect(port, '127.0.0.1')
  clients.push(socket)
  const chunks: Buffer[] = []
  let error: string | undefined
  socket.on('data', (chunk) => chunks.push(chunk))
  socket.on('error', (failure: NodeJS.ErrnoException) => {
    error = failure.code
  })
  const closed = new Promise<string>((resolve) => socket.on('close', () => resolve(error ?? 'closed')))
  return {
    socket,
    chunks,
    closed,
    text: () => Buffer.concat(chunks).toString(),
    async heard(text: string) {
      while (Buffer.concat(chunks).toString() !== text) await once(socket, 'data')
    },
  }
}

/** One that has heard its own word come back. */
async function linked(proxy: TcpProxy) {
  const client = dial(proxy.port)
  client.socket.write('hi')
  await client.heard('hi')
  client.chunks.length = 0
  return client
}

describe('tcpProxy', () => {
  it('passes bytes and the end of each side on, and counts nothing', async () => {
    const proxy = await proxied()
    const client = await linked(proxy)
    const big = 'x'.repeat(3_000_000)
    client.socket.end(big)
    expect(await client.closed).toBe('closed')
    expect(client.text()).toBe(big)
    expect(Object.values(proxy.counts).every((count) => count === 0)).toBe(true)
  })

  it('resets where nobody listens behind it', async () => {
    const proxy = await proxied({}, { target: 1 })
    expect(await dial(proxy.port).closed).toBe('ECONNRESET')
  })

  it('refuses at a closed port, leaves what stands, and listens at the same one again', async () => {
    const proxy = await proxied()
    const standing = await linked(proxy)
    await proxy.set({ connect: 'refuse' })
    expect(await dial(proxy.port).closed).toBe('ECONNREFUSED')
    standing.socket.write('still')
    await standing.heard('still')
    await proxy.set()
    await linked(proxy)
    expect(proxy.counts.refuse).toBe(1)
  })

  it('has the last of several sets in force', async () => {
    const proxy = await proxied()
    await Promise.all([proxy.set({ connect: 'refuse' }), proxy.set(), proxy.set({ connect: 'refuse' })])
    expect(await dial(proxy.port).closed).toBe('ECONNREFUSED')
    await Promise.all([proxy.set(), proxy.set({ connect: 'refuse' }), proxy.set()])
    await linked(proxy)
  })

  it('accepts and ends, or resets', async () => {
    const proxy = await proxied({ connect: 'close' })
    expect(await dial(proxy.port).closed).toBe('closed')
    await proxy.set({ connect: 'reset' })
    expect(await dial(proxy.port).closed).toBe('ECONNRESET')
    expect(proxy.counts).toMatchObject({ close: 1, reset: 1 })
    expect(served).toEqual([])
  })

  it('hangs: accepted, never answered, after healing neither', async () => {
    const proxy = await proxied({ connect: 'hang' })
    const client = dial(proxy.port)
    client.socket.write('hello?')
    await proxy.fired('hang')
    await proxy.set()
    await linked(proxy)
    expect(client.chunks).toEqual([])
    expect(served).toHaveLength(1)
    client.socket.end()
    expect(await client.closed).toBe('closed')
  })

  it('cuts what stands, with an end or a reset', async () => {
    const proxy = await proxied()
    const first = await linked(proxy)
    proxy.cut()
    expect(await first.closed).toBe('closed')
    const second = await linked(proxy)
    proxy.cut('reset')
    expect(await second.closed).toBe('ECONNRESET')
    expect(proxy.counts.cut).toBe(2)
  })

  it('is half-open upwards: the server hears neither a word nor the end, and what was lost once never comes', async () => {
    const proxy = await proxied()
    const client = await linked(proxy)
    const heard: string[] = []
    served[0]?.on('data', (data) => heard.push(String(data)))
    await proxy.set({ direction: 'up', halfOpen: true })
    client.socket.write('lost')
    await proxy.fired('halfOpen')
    await proxy.set()
    client.socket.write('behind what was lost')
    await proxy.fired('halfOpen', 2)
    served[0]?.write('down still works')
    await client.heard('down still works')
    client.socket.end()
    await proxy.fired('halfOpen', 3)
    expect(heard).toEqual([])
    expect(served[0]?.readableEnded).toBe(false)
  })

  it('is half-open downwards: the server hears all and is not heard', async () => {
    const proxy = await proxied()
    const client = await linked(proxy)
    await proxy.set({ direction: 'down', halfOpen: true })
    client.socket.write('heard')
    await proxy.fired('halfOpen')
    expect(client.chunks).toEqual([])
    served[0]?.destroy()
    await proxy.fired('halfOpen', 2)
    expect(client.socket.destroyed).toBe(false)
  })

  it('delays by the clock, keeps order, and loses what is under way with the connection', async () => {
    const clock = virtualClock()
    const proxy = await proxied({}, { clock })
    const client = await linked(proxy)
    await proxy.set({ direction: 'down', latencyMs: 200 })
    client.socket.write('a')
    await proxy.fired('latency')
    await proxy.set()
    client.socket.write('b')
    await once(served[0]!, 'data')
    clock.advance(199)
    expect(client.chunks).toEqual([])
    clock.advance(1)
    await client.heard('ab')
    await proxy.set({ latencyMs: 200 })
    client.socket.write('c')
    await proxy.fired('latency', 2)
    expect(clock.pending()).toBe(1)
    proxy.cut()
    await client.closed
    expect(clock.pending()).toBe(0)
    expect(client.text()).toBe('ab')
  })

  it('carries so many bytes a second', async () => {
    const clock = virtualClock()
    const proxy = await proxied({}, { clock })
    const client = await linked(proxy)
    await proxy.set({ direction: 'up', bytesPerSecond: 10 })
    client.socket.write('0123456789')
    await proxy.fired('bandwidth')
    client.socket.write('01234')
    await proxy.fired('bandwidth', 2)
    clock.advance(999)
    expect(clock.pending()).toBe(1)
    clock.advance(1)
    await client.heard('0123456789')
    clock.advance(500)
    await client.heard('012345678901234')
  })

  it('slices into pieces of no more than so many bytes, of the same sizes with the same seed', async () => {
    const sizes = async (seed: number) => {
      const proxy = await proxied({}, { seed })
      const client = await linked(proxy)
      await proxy.set({ direction: 'down', sliceBytes: 4 })
      client.socket.write('0123456789abcdef')
      await client.heard('0123456789abcdef')
      expect(proxy.counts.slice).toBeGreaterThanOrEqual(4)
      return proxy.counts.slice
    }
    const [first, again, ...others] = [await sizes(1), await sizes(1), await sizes(2), await sizes(3), await sizes(4)]
    expect(first).toBe(again)
    expect(others.some((count) => count !== first)).toBe(true)
  })

  it('truncates a connection after so many bytes, and each one anew', async () => {
    const proxy = await proxied()
    const first = await linked(proxy)
    await proxy.set({ direction: 'down', truncateBytes: 5 })
    first.socket.write('012')
    await first.heard('012')
    first.socket.write('3456')
    expect(await first.closed).toBe('closed')
    expect(first.text()).toBe('01234')
    const second = dial(proxy.port)
    second.socket.write('abcde')
    await second.closed
    expect(second.text()).toBe('abcde')
    expect(proxy.counts.truncate).toBe(2)
  })

  it('ends a connection that carried nothing for so long, one that stood before too', async () => {
    const clock = virtualClock()
    const proxy = await proxied({}, { clock })
    const client = await linked(proxy)
    await proxy.set({ idleMs: 100 })
    clock.advance(99)
    client.socket.write('a')
    await client.heard('a')
    clock.advance(99)
    expect(proxy.counts.idle).toBe(0)
    clock.advance(1)
    expect(await client.closed).toBe('closed')
    expect(proxy.counts.idle).toBe(1)
    await linked(proxy)
    await proxy.set()
    expect(clock.pending()).toBe(0)
  })

  it('leaves no socket, timer or listener behind, hung and half-open connections included, and may be closed twice', async () => {
    const clock = virtualClock()
    const proxy = await proxied({}, { clock })
    const client = await linked(proxy)
    await proxy.set({ connect: 'hang', halfOpen: true, idleMs: 1_000 })
    client.socket.write('lost')
    const hung = dial(proxy.port)
    await proxy.fired('hang')
    await proxy.fired('halfOpen')
    const waiting = proxy.fired('truncate')
    await Promise.all([proxy.close(), expect(waiting).rejects.toThrow('closed before truncate had fired 1 times: it fired 0 times')])
    await proxy.close()
    expect(await Promise.all([client.closed, hung.closed])).not.toContain('')
    expect(clock.pending()).toBe(0)
    expect(await dial(proxy.port).closed).toBe('ECONNREFUSED')
    await proxy.set()
    expect(await dial(proxy.port).closed).toBe('ECONNREFUSED')
  })

  it('throws at a fault that is none', async () => {
    const proxy = await proxied()
    expect(() => proxy.fired('gremlins' as never)).toThrow('No fault is called gremlins. Faults: refuse,')
  })
})
