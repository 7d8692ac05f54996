/** R18: what the application sees of messages ahead of the log: place, key, finality, status, events; and the way that a transport names. */
import { describe, expect, it } from 'vitest'
import { drivenChat } from '../../test/fakes/driven-chat.js'
import type { CombinatorFrame } from '../ports/transport.js'
import type { MessageRow, ServerFrame } from '../protocol/frames.js'
import type { Message, Metric, StandardSchema } from '../index.js'

const shown = (author: string, localId: string, content: unknown = localId): CombinatorFrame => ({
  type: 'provisional',
  conversation: 'c',
  author,
  localId,
  content,
  at: 7,
})

async function setUp(options: Parameters<typeof drivenChat>[0] = {}) {
  const driven = drivenChat(options)
  const { chat, mock, pass, online } = driven
  const talk = chat.conversation('c')
  talk.timeline.subscribe(() => {})
  await online()
  let seq = 0
  const say = async (...frames: readonly CombinatorFrame[]) => {
    for (const frame of frames) mock.push(frame as unknown as ServerFrame)
    await pass()
  }
  /** The log takes in a message with its local id. */
  const final = async (author: string, localId: string, content: unknown = localId) => {
    seq += 1
    const message: MessageRow = { id: `m${seq}`, seq, index: seq - 1, rev: seq, at: 9, author, localId, content }
    mock.push({ type: 'change', conversation: 'c', epoch: 'c-1', seq, tag: `t${seq}`, change: { kind: 'message', message } })
    await pass()
  }
  const messages = () => talk.timeline.get().messages
  const contents = () => messages().map(({ content }) => content)
  return { ...driven, talk, say, final, messages, contents }
}

describe('R18: a message ahead of the log', () => {
  it('is shown provisional; one of this user, from another tab, as being sent', async () => {
    const { say, messages } = await setUp()
    await say(shown('ann', 'a'), shown('me', 'b'))
    expect(messages()).toMatchObject([
      { author: 'ann', mine: false, status: 'sent', finality: 'provisional', at: 7, content: 'a' },
      { author: 'me', mine: true, status: 'sending', finality: 'provisional', localId: 'b', key: 'b' },
    ])
    expect(messages().map((message) => 'id' in message || 'seq' in message)).toEqual([false, false])
  })

  it('stands behind the log, among own pending ones by arrival, whatever the clocks say', async () => {
    const { say, final, talk, mock, clock, pass, contents } = await setUp()
    mock.drop((frame) => frame.type === 'operation')
    const send = async (text: string) => {
      talk.send(text)
      await pass(5)
    }
    await say(shown('ann', 'a'))
    clock.advance(1)
    await send('mine')
    await say(shown('ann', 'b'), shown('ben', 'c'))
    clock.advance(1)
    await send('mine too')
    expect(contents()).toEqual(['a', 'mine', 'b', 'c', 'mine too'])
    await final('ann', 'b')
    expect(contents()).toEqual(['b', 'a', 'mine', 'c', 'mine too'])
  })

  it('R2: keeps its key from the first moment on, also when changed, in events and as first unread', async () => {
    const { chat, say, final, messages, talk, pass } = await setUp()
    const told: Message[] = []
    chat.on('message', ({ message }) => told.push(message))
    await say(shown('ann', 'a'), shown('ben', 'a'), shown('me', 'a'))
    const keys = messages().map(({ key }) => key)
    expect(new Set(keys).size).toBe(3)
    const [ann] = messages()
    await final('ben', 'x')
    expect(messages()[1]).toBe(ann)
    for (const author of ['ann', 'ben', 'me']) await final(author, 'a')
    expect(messages().slice(1)).toMatchObject(keys.map((key) => ({ key, finality: 'final' })))
    expect(told.slice(1).map(({ key }) => key)).toEqual(keys)
    await pass(1_000)
    talk.markRead()
    talk.markUnread(2)
    expect(talk.timeline.get().firstUnread).toBe(keys[0])
  })

  it('R19: is not in a window that ends below the newest', async () => {
    const { say, mock, talk, pass, contents } = await setUp()
    for (let i = 0; i < 600; i++) {
      mock.say('c', 'ann', i)
      if (i % 40 === 0) await pass(200)
    }
    await pass(200)
    await say(shown('ann', 'a'))
    expect(contents().at(-1)).toBe('a')
    const jump = talk.jumpTo(20)
    await pass()
    await jump
    expect(contents()).not.toContain('a')
  })

  it('R10: that does not fit the schema keeps its place', async () => {
    const content: StandardSchema<string> = {
      '~standard': {
        version: 1,
        vendor: 'test',
        validate: (value) => (typeof value === 'string' ? { value } : { issues: [{ message: 'no text' }] }),
      },
    }
    const { say, messages } = await setUp({ content })
    await say(shown('ann', 'a', 1))
    expect(messages()).toMatchObject([{ invalid: { raw: 1 }, finality: 'provisional' }])
  })
})

describe('R18: events', () => {
  it('`corrected` with what was shown and what is; `withdrawn` with what is shown no more', async () => {
    const { chat, say, final, messages, contents } = await setUp()
    const told: unknown[] = []
    chat.on('corrected', (event) => told.push(['corrected', event]))
    chat.on('withdrawn', (event) => told.push(['withdrawn', event]))
    await say(shown('ann', 'a'), shown('ann', 'b'), shown('ann', 'c'))
    const [a, b, c] = messages()
    await final('ann', 'b')
    await final('ann', 'a', 'A')
    await say({ type: 'withdrawn', conversation: 'c', author: 'ann', localId: 'c' })
    expect(contents()).toEqual(['b', 'A'])
    expect(told).toEqual([
      ['corrected', { conversation: 'c', message: messages()[1], was: a }],
      ['withdrawn', { conversation: 'c', message: c }],
    ])
    expect(messages()[0]?.key).toBe(b?.key)
  })
})

describe('the way', () => {
  it('is named by the session, and counted by a metric when it changes', async () => {
    const ways: string[] = []
    const metrics = (metric: Metric) => void (metric.name === 'transport' && ways.push(metric.transport))
    const { chat, mock, say, pass } = await setUp({ metrics })
    expect(chat.session.get()).toMatchObject({ phase: 'online', transport: 'mock' })
    await say({ type: 'via', via: 'fast+final' })
    expect(chat.session.get()).toMatchObject({ transport: 'fast+final' })
    await say({ type: 'via', via: 'fast' })
    mock.disconnect()
    await pass(2_000)
    expect(chat.session.get()).toMatchObject({ phase: 'online', transport: 'mock' })
    expect(ways).toEqual(['fast+final', 'fast'])
  })
})
