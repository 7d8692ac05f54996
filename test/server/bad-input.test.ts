/** A9: what is hostile or broken gets a typed error or a clean close; the server and other users are untouched. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import * as limits from '../../src/protocol/limits.js'
import { serverLimits } from '../../src/protocol/server-limits.js'
import { dial, type Dialled, enter, hello, type Listening, listen } from './dial.js'

let listening: Listening
let witness: Dialled
beforeEach(async () => {
  listening = await listen({
    auth: ({ token }) => {
      if (token === 'expired') return { userId: 'ann', expiresAt: Date.now() - 1 }
      if (token === 'broken') throw new Error('no such key')
      if (token === 'faulty') return { userId: 'x'.repeat(200) }
      if (token === 'endless') return { userId: 'ann', expiresAt: Number.NaN }
      if (token === 'nameless') return { userId: 'ann', profile: 'Ann' as never }
      return token ? { userId: token } : null
    },
    origins: ['https://app.example'],
  })
  await listening.server.conversations.put({ id: 'c', members: ['ann', 'bob'] })
  await listening.server.conversations.put({ id: 'foreign', members: ['bob'] })
  witness = await enter(listening.url, 'bob')
  await witness.ask({ type: 'open', conversation: 'c' })
})

/** The other user's link still carries messages, and has heard nothing else. */
afterEach(async () => {
  const heard = witness.frames.length
  await listening.server.post({ id: 'after', conversation: 'c', author: 'system', content: 1 })
  expect(await witness.next('change')).toMatchObject({ seq: 1, change: { message: { content: 1 } } })
  expect(witness.frames.slice(heard).map((frame) => frame.type)).toEqual(['change'])
  await listening.close()
})

const operation = (more: object) => ({
  type: 'operation',
  conversation: 'c',
  localId: 'l',
  try: 1,
  operation: { kind: 'send', content: 1 },
  ...more,
})
const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth)

describe('closes the link with bad-frame on', () => {
  const table: Record<string, string | Buffer> = {
    'malformed JSON': '{"type":"ping",',
    'no JSON at all': 'hello?',
    'an empty frame': '',
    'a frame that is no object': '42',
    'a frame without type': '{"n":1}',
    'wrong types': '{"type":"ping","n":"one"}',
    'a missing field': '{"type":"open","request":1}',
    'an id over its length': JSON.stringify({ type: 'open', request: 1, conversation: 'c'.repeat(limits.idChars + 1) }),
    'an empty id': JSON.stringify(operation({ localId: '' })),
    'half of a surrogate pair in an id': JSON.stringify(operation({ localId: 'l\ud800' })),
    'a negative seq': '{"type":"receipt","conversation":"c","epoch":"e","read":-1}',
    'a fraction as seq': '{"type":"receipt","conversation":"c","epoch":"e","read":0.5}',
    'a number no double holds': '{"type":"receipt","conversation":"c","epoch":"e","read":1e999}',
    '__proto__ as a key': '{"type":"ping","n":1,"__proto__":{"admin":true}}',
    'an over-deep frame': `{"type":"ping","n":1,"x":${nested(limits.jsonDepth + 1)}}`,
    'a stack of brackets': nested(20_000),
    'too many frames in one': JSON.stringify(Array.from({ length: limits.arrayItems + 1 }, () => ({ type: 'x' }))),
    'a second hello': JSON.stringify(hello('ann')),
    'a second hello with more behind it': JSON.stringify([hello('ann'), { type: 'ping', n: 1 }]),
  }
  it.each(Object.entries(table))('%s', async (_name, text) => {
    const ann = await enter(listening.url, 'ann')
    ann.raw(text)
    expect(await ann.closed).toEqual({ code: 4002, reason: 'bad-frame' })
  })

  it('a binary frame', async () => {
    const ann = await enter(listening.url, 'ann')
    ann.socket.send(Buffer.from('{"type":"ping","n":1}'))
    expect(await ann.closed).toMatchObject({ code: 4002 })
  })
})

describe('closes cleanly on', () => {
  it('a frame of 64 KiB and one byte', async () => {
    const ann = await enter(listening.url, 'ann')
    ann.raw(JSON.stringify({ type: 'ping', n: 1, x: '' }).padEnd(limits.clientFrameBytes + 1))
    expect(await ann.closed).toMatchObject({ code: 1009 })
  })

  it('bytes that are no UTF-8', async () => {
    const ann = await enter(listening.url, 'ann')
    ann.raw(Buffer.from([0x22, 0xff, 0xfe, 0x22]))
    expect(await ann.closed).toMatchObject({ code: 1007 })
  })
})

describe('answers with a typed error', () => {
  const rejects: Record<string, [object, object]> = {
    'an unknown operation': [operation({ operation: { kind: 'explode', force: 9 } }), { code: 'unsupported', final: true }],
    'content over 32 KiB': [
      operation({ operation: { kind: 'send', content: 'é'.repeat(limits.contentBytes / 2) } }),
      { code: 'too-large', final: true },
    ],
    'over-deep content': [
      operation({ operation: { kind: 'send', content: JSON.parse(nested(limits.contentDepth + 2)) } }),
      { code: 'unsupported', final: true },
    ],
    'a foreign conversation': [operation({ conversation: 'foreign' }), { code: 'not-found', final: true }],
    'an absent conversation': [operation({ conversation: 'absent' }), { code: 'not-found', final: true }],
    'an unknown predecessor': [operation({ after: 'never' }), { code: 'out-of-order', final: false }],
  }
  it.each(Object.entries(rejects))('rejecting %s', async (_name, [frame, expected]) => {
    const ann = await enter(listening.url, 'ann')
    ann.raw(JSON.stringify(frame))
    expect(await ann.next('reject')).toMatchObject({ localId: 'l', try: 1, ...expected })
    await ann.end()
  })

  it('to the opening and the history of foreign and absent conversations alike', async () => {
    const ann = await enter(listening.url, 'ann')
    for (const conversation of ['foreign', 'absent']) {
      expect(await ann.ask({ type: 'open', conversation })).toMatchObject({ type: 'failed', code: 'not-found' })
      expect(await ann.ask({ type: 'history', conversation, epoch: 'e', anchor: { before: 9 }, limit: 9 })).toMatchObject({
        code: 'not-found',
      })
    }
    ann.send({ type: 'typing', conversation: 'foreign', on: true }, { type: 'receipt', conversation: 'foreign', epoch: 'e', read: 1 })
    ann.send({ type: 'unfollow', conversation: 'foreign' }, { type: 'ping', n: 7 })
    expect(await ann.next('pong')).toEqual({ type: 'pong', n: 7, heads: [] })
    await ann.end()
  })

  it('and ignores frames of kinds it does not know', async () => {
    const ann = await enter(listening.url, 'ann')
    ann.raw('[{"type":"teleport","to":"mars"},{"type":"ping","n":3}]')
    expect(await ann.next('pong')).toMatchObject({ n: 3 })
    await ann.end()
  })
})

describe('refuses at the door', () => {
  const refused = async (first: object) => {
    const guest = await dial(listening.url)
    guest.raw(JSON.stringify(first))
    return [(await guest.next('refused')).code, (await guest.closed).code]
  }
  it('no token, a token that fails, an impossible identity', async () => {
    for (const token of [undefined, 'broken', 'faulty', 'endless', 'nameless'])
      expect(await refused(hello('ann', { token }))).toEqual(['unauthorized', 4200])
  })

  it('an expired token', async () => {
    expect(await refused(hello('ann', { token: 'expired' }))).toEqual(['token-expired', 4201])
  })

  it("another user's token", async () => {
    expect(await refused(hello('bob', { token: 'ann' }))).toEqual(['wrong-user', 4300])
  })

  it('a version it does not speak', async () => {
    expect(await refused(hello('ann', { version: 2 }))).toEqual(['unsupported-version', 4302])
  })

  it('a first frame that is too large, no hello, or followed by more', async () => {
    for (const text of [
      JSON.stringify(hello('ann')).padEnd(serverLimits.helloBytes + 1),
      '{"type":"ping","n":1}',
      JSON.stringify([hello('ann'), { type: 'ping', n: 1 }]),
    ]) {
      const guest = await dial(listening.url)
      guest.raw(text)
      expect(await guest.closed).toMatchObject({ code: 4002 })
    }
  })

  it('a second hello while the first is checked', async () => {
    const guest = await dial(listening.url)
    guest.send(hello('ann'))
    guest.raw(JSON.stringify(hello('ann')))
    expect(await guest.closed).toMatchObject({ code: 4002 })
  })

  it('an origin that is not on the list', async () => {
    await expect(dial(listening.url, { origin: 'https://evil.example' })).rejects.toThrow('403')
    const guest = await dial(listening.url, { origin: 'https://app.example' })
    await guest.end()
  })
})
