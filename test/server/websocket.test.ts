/** The server over real sockets: the paths of one message, and of what surrounds it. */
import { afterEach, describe, expect, it } from 'vitest'
import { type Listening, dial, enter, hello, listen } from './dial.js'

let listening: Listening
afterEach(() => listening.close())

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
