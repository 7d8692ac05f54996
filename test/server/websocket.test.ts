/** The server over real sockets: the paths of one message, and of what surrounds it. */
import { once } from 'node:events'
import { connect } from 'node:net'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { createChatServer, memoryStore } from '../../src/server/index.js'
import { type Listening, dial, enter, hello, listen } from './dial.js'

let listening: Listening
afterEach(() => listening?.close())

const say = (localId: string, content: unknown = { text: localId }) =>
  ({ type: 'operation', conversation: 'c', localId, try: 1, operation: { kind: 'send', content } }) as const

describe('a message', () => {
  it('is acknowledged to its sender and told to the others, with dense places', async () => {
    listening = await listen()
    await listening.server.conversations.put({ id: 'c', members: ['ann', 'bob'] })
    const [ann, bob] = await Promise.all([enter(listening.url, 'ann'), enter(listening.url, 'bob')])
    expect(await bob.ask({ type: 'open', conversation: 'c' })).toMatchObject({ type: 'opened', reset: 'first', head: 0, memberCount: 2 })
    ann.send(say('a1'), say('a2'))
    expect(await ann.next('ack')).toMatchObject({
      localId: 'a1',
      seq: 1,
      message: { index: 0, rev: 1, author: 'ann', content: { text: 'a1' } },
    })
    expect(await ann.next('ack')).toMatchObject({ localId: 'a2', seq: 2, message: { index: 1 } })
    expect(await bob.next('change')).toMatchObject({ seq: 1, change: { kind: 'message', message: { localId: 'a1' } } })
    expect(await bob.next('change')).toMatchObject({ seq: 2 })
  })

  it('is caught up by position', async () => {
    listening = await listen()
    await listening.server.conversations.put({ id: 'c', members: ['ann', 'bob'] })
    const ann = await enter(listening.url, 'ann')
    ann.send(say('a1'), say('a2'), say('a3'))
    await ann.next('ack', (frame) => frame.localId === 'a3')
    const first = await ann.ask({ type: 'open', conversation: 'c' })
    if (first.type !== 'opened') throw new Error(`not opened: ${JSON.stringify(first)}`)
    expect(first.rows.map((row) => row.localId)).toEqual(['a1', 'a2', 'a3'])
    expect(first.own).toHaveLength(3)
    ann.send(say('a4'))
    await ann.next('ack', (frame) => frame.localId === 'a4')
    const delta = await ann.ask({ type: 'open', conversation: 'c', position: { epoch: first.epoch, seq: 3, tag: first.tag } })
    expect(delta).toMatchObject({ from: 3, to: 4, more: false, rows: [{ localId: 'a4' }], own: [{ localId: 'a4', seq: 4 }] })
    expect(delta).not.toHaveProperty('reset')
    expect(await ann.ask({ type: 'open', conversation: 'c', position: { epoch: first.epoch, seq: 3, tag: 'other' } })).toMatchObject({
      reset: 'tag',
    })
  })
})

describe('a link', () => {
  it('closes the older one of its lane before it is welcomed', async () => {
    listening = await listen()
    const older = await enter(listening.url, 'ann')
    await enter(listening.url, 'ann', { link: 2 })
    expect(await older.closed).toEqual({ code: 4303, reason: 'superseded' })
    const late = await dial(listening.url)
    late.send(hello('ann', { link: 1 }))
    expect(await late.next('refused')).toMatchObject({ code: 'superseded' })
  })
})

describe('the door', () => {
  it('cuts a slow consumer, which catches up later, and nobody else', async () => {
    listening = await listen({ limits: { bufferedBytes: 64 * 1024 } })
    await listening.server.conversations.put({ id: 'c', members: ['ann', 'bob'] })
    const [ann, bob] = [await enter(listening.url, 'ann'), await enter(listening.url, 'bob')]
    const opened = await ann.ask({ type: 'open', conversation: 'c' })
    await bob.ask({ type: 'open', conversation: 'c' })
    let isCut = false
    void ann.closed.then(() => {
      isCut = true
    })
    ann.socket.pause()
    let sent = 0
    // The kernel holds some megabytes before the server has to.
    while ((await (await listening.server.fetch(new Request('http://x/health'))).json()).links === 2) {
      expect(++sent).toBeLessThan(2_000)
      await listening.server.post({ id: `p${sent}`, conversation: 'c', author: 'system', content: 'x'.repeat(30_000) })
    }
    expect(isCut).toBe(false)
    ann.socket.resume()
    await ann.closed
    await bob.next('change', (frame) => frame.seq === sent)
    const again = await enter(listening.url, 'ann', { link: 2 })
    const delta = await again.ask({
      type: 'open',
      conversation: 'c',
      position: { epoch: 'epoch' in opened ? opened.epoch : '', seq: 0, tag: '' },
    })
    expect(delta).toMatchObject({ from: 0, head: sent })
  })

  it('takes nobody for slow who has much to catch up with in many conversations', async () => {
    const logged: string[] = []
    const log = (text: string) => void logged.push(text)
    listening = await listen({ logger: { debug: log, info: log, warn: log, error: log } })
    const { server, url } = listening
    const names = Array.from({ length: 50 }, (_, i) => `c${i}`)
    for (const id of names) await server.conversations.put({ id, members: ['ann'] })
    const posts = names.flatMap((conversation) => Array.from({ length: 8 }, (_, i) => ({ id: `p${i}`, conversation })))
    await Promise.all(posts.map((post) => server.post({ ...post, author: 'system', content: 'x'.repeat(30_000) })))
    const ann = await enter(url, 'ann')
    ann.send(...names.map((conversation, i) => ({ type: 'open', conversation, request: i + 1 }) as const))
    for (const _ of names) await ann.next('opened', ({ rows }) => rows.length === 8)
    expect(logged).not.toContain('slow-consumer')
  })

  it('closes who asks, reads no answer, and says a mebibyte more', async () => {
    listening = await listen()
    await listening.server.conversations.put({ id: 'c', members: ['ann'] })
    for (let n = 0; n < 10; n++) await listening.server.post({ id: `p${n}`, conversation: 'c', author: 'bot', content: 'x'.repeat(30_000) })
    const ann = await enter(listening.url, 'ann')
    ann.socket.pause()
    for (let request = 1; request <= 100; request++) ann.send({ type: 'open', request, conversation: 'c' })
    for (let n = 0; n < 40; n++) ann.send(say(`a${n}`, 'x'.repeat(30_000)))
    const health = async () => (await listening.server.fetch(new Request('http://x/health'))).json()
    await vi.waitFor(async () => expect(await health()).toMatchObject({ links: 0 }))
    ann.socket.resume()
    expect(await ann.closed).toMatchObject({ reason: 'slow-consumer' })
  })

  it('closes who says no hello, and whose token ends', { timeout: 10_000 }, async () => {
    listening = await listen({
      limits: { helloMs: 1 },
      auth: ({ token }) => (token ? { userId: token, expiresAt: Date.now() + 300 } : null),
    })
    const [silent, ann] = [await dial(listening.url), await enter(listening.url, 'ann')]
    expect(await silent.closed).toEqual({ code: 4003, reason: 'hello-timeout' })
    expect(await ann.closed).toEqual({ code: 4201, reason: 'token-expired' })
  })

  it('admits as many as it may', async () => {
    listening = await listen({ limits: { connections: 1 } })
    const ann = await enter(listening.url, 'ann')
    await expect(dial(listening.url)).rejects.toThrow('503')
    await ann.end()
  })

  it.each([
    ['refused', { origins: [] }, '403'],
    ['sent away', { limits: { connections: 0 } }, '503'],
  ])('keeps no socket of who is %s and does not hang up', async (_, options, status) => {
    listening = await listen(options)
    const socket = connect({ port: Number(new URL(listening.url).port), allowHalfOpen: true })
    const upgrade = 'GET / HTTP/1.1\r\nHost: x\r\nOrigin: https://x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n'
    socket.write(`${upgrade}Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${'A'.repeat(22)}==\r\n\r\n`)
    expect(String((await once(socket, 'data'))[0])).toContain(status)
    const gone = new Promise<Error>((resolve) => socket.once('error', resolve))
    // A socket that is kept takes what fits into its buffers, and then says nothing more.
    const knock = () => void socket.write('x', (error) => error ?? knock())
    knock()
    expect((await gone).message).toMatch(/ECONNRESET|EPIPE/)
  })
})

describe('backend code', () => {
  it('puts and posts the same twice with one effect, revises in place, and is told of misuse', async () => {
    listening = await listen()
    const { server } = listening
    await server.conversations.put({ id: 'c', members: ['ann', { user: 'bob', profile: { name: 'Bob' } }], profile: { name: 'C' } })
    const bob = await enter(listening.url, 'bob')
    await bob.ask({ type: 'open', conversation: 'c' })
    const post = { id: 'p1', conversation: 'c', author: 'system', content: { text: 'paid' } }
    const [first, second] = [await server.post(post), await server.post(post)]
    expect(second).toEqual(first)
    const revised = await server.post({ ...post, content: { text: 'refunded' } })
    expect([revised.id, revised.seq, revised.index, revised.rev]).toEqual([first.id, 1, 0, 2])
    await server.conversations.put({ id: 'c', members: ['ann', 'bob'], profile: { name: 'C' } })
    await server.conversations.put({ id: 'c', members: ['ann', 'bob'], profile: { name: 'D' } })
    expect(await bob.next('change', (frame) => frame.seq === 3)).toMatchObject({ change: { kind: 'profile', profile: { name: 'D' } } })
    await expect(server.post({ ...post, conversation: 'absent' })).rejects.toThrow('there is no conversation absent')
    await expect(server.post({ ...post, content: undefined })).rejects.toThrow(TypeError)
  })

  it('is told at the call of what no reader could read, and nothing of it is stored', async () => {
    listening = await listen()
    const { server } = listening
    const put = (more: object) => server.conversations.put({ id: 'c', members: ['ann'], ...more })
    await put({ profile: { name: 'C' } })
    const ann = await enter(listening.url, 'ann')
    const { epoch = '' } = (await ann.ask({ type: 'open', conversation: 'c' })) as { readonly epoch?: string }
    const deep = JSON.parse('['.repeat(30) + ']'.repeat(30)) as unknown
    const circle: Record<string, unknown> = {}
    circle.self = circle
    const table: readonly (readonly [object, string])[] = [
      [{ id: '' }, 'must be well-formed text of 1 to 128'],
      [{ members: undefined }, 'members must be a list'],
      [{ members: 'ann' }, 'members must be a list'],
      [{ members: [null] }, 'a member must be'],
      [{ members: [{ user: 'ann', profile: 'Ann' }] }, "a member's profile must be an object"],
      [{ profile: 'Lunch' }, 'profile must be an object'],
      [{ profile: [] }, 'profile must be an object'],
      [{ profile: { deep } }, 'must nest at most 24 deep'],
      [{ profile: circle }, 'must be JSON'],
      [{ history: 'nonsense' }, "history must be 'full' or 'from-join'"],
    ]
    for (const [more, sentence] of table) await expect(put(more)).rejects.toThrow(sentence)
    const post = (content: unknown) => server.post({ id: 'p', conversation: 'c', author: 'system', content })
    for (const content of [deep, Array.from({ length: 1_001 }, () => 0), JSON.parse('{"__proto__":1}'), circle, 'x'.repeat(40_000)])
      await expect(post(content)).rejects.toThrow(TypeError)
    const given = { text: 'before' }
    await post(given)
    given.text = 'after'
    expect(await ann.next('change')).toMatchObject({ seq: 1, change: { message: { content: { text: 'before' } } } })
    expect(await ann.ask({ type: 'history', conversation: 'c', epoch, anchor: { before: 2 }, limit: 1 })).toMatchObject({
      rows: [{ content: { text: 'before' } }],
    })
  })

  it('is told at once of a server without a store, or without a way to know its users', () => {
    const auth = () => null
    expect(() => createChatServer({ auth } as never)).toThrow('store must be a store')
    expect(() => createChatServer({ store: memoryStore } as never)).toThrow('store must be a store')
    expect(() => createChatServer({ store: memoryStore() } as never)).toThrow('auth must be a function')
  })

  it('keeps tenants apart', async () => {
    listening = await listen({ auth: ({ token = '' }) => ({ userId: 'ann', tenant: token }) })
    await listening.server.conversations.put({ id: 'c', tenant: 'north', members: ['ann'] })
    const [north, south] = [await enter(listening.url, 'ann', { token: 'north' }), await enter(listening.url, 'ann', { token: 'south' })]
    expect(await north.ask({ type: 'open', conversation: 'c' })).toMatchObject({ type: 'opened' })
    expect(await south.ask({ type: 'open', conversation: 'c' })).toMatchObject({ type: 'failed', code: 'not-found' })
  })
})
