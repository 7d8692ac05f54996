/** The chat as an application sees it, over the scripted transport: promises, events, snapshots, and its end. */
import { describe, expect, it, vi } from 'vitest'
import { drivenChat } from '../../test/fakes/driven-chat.js'
import type { StorageFactory } from '../ports/storage.js'
import { memoryStorage } from '../storage/memory/index.js'
import { crashingStorage } from '../testing/crashing-storage.js'
import { virtualClock } from '../testing/virtual-clock.js'
import { mockTransport } from '../transports/mock/index.js'
import type { Chat, Conversation, Message, View } from './api.js'
import { createChat } from '../index.js'
import type { StandardSchema } from './content.js'

const texts = (view: View<unknown>) => view.messages.map(({ content }) => content)

/** Strings only; `!` at the end is added on the way in and out. */
const shouted: StandardSchema<string> = {
  '~standard': {
    version: 1,
    vendor: 'test',
    validate: (value) =>
      typeof value === 'string' ? { value: value.endsWith('!') ? value : `${value}!` } : { issues: [{ message: 'no text' }] },
  },
}

describe('construction', () => {
  it('L11: does no I/O, nor does any get()', async () => {
    const touched: string[] = []
    const storage: StorageFactory = () => {
      touched.push('storage')
      throw new Error('touched')
    }
    const mock = mockTransport()
    const { chat, clock, pass } = drivenChat({ storage, mock: { ...mock, open: () => expect.unreachable() } })
    const talk = chat.conversation('c')
    for (const { get } of [chat.session, chat.inbox, chat.outbox, chat.storage, talk.timeline, talk.typing, talk.details]) get()
    await pass()
    expect(touched).toEqual([])
    expect(clock.pending()).toBe(0)
    expect(talk.timeline.get()).toMatchObject({ state: 'loading', messages: [] })
  })

  it.each(['', 'x'.repeat(129), '\ud800', 7 as unknown as string])('refuses %j as an id', (id) => {
    expect(() => drivenChat({ user: id })).toThrow(expect.objectContaining({ code: 'bad-argument' }))
    expect(() => drivenChat().chat.conversation(id)).toThrow(expect.objectContaining({ code: 'bad-argument' }))
  })

  it.each([undefined, null, {}, { user: 'me' }, { user: 'me', transport: {} }])('refuses to be made of %j', (options) => {
    expect(() => createChat(options as never)).toThrow(expect.objectContaining({ code: 'bad-argument' }))
  })

  it.each([
    ['storage', memoryStorage],
    ['storage', {}],
    ['content', {}],
    ['content', { '~standard': {} }],
    ['logger', () => {}],
    ['logger', { info: () => {} }],
    ['metrics', { send: () => {} }],
    ['metrics', 'on'],
  ])('refuses a %s that is none', (part, given) => {
    const options = { user: 'me', transport: mockTransport(), [part]: given }
    expect(() => createChat(options as never)).toThrow(
      expect.objectContaining({ code: 'bad-argument', message: expect.stringContaining(part) }),
    )
    expect(createChat({ ...options, [part]: undefined }).user).toBe('me')
  })

  it('gives the same handle for the same id', () => {
    const { chat } = drivenChat()
    expect(chat.conversation('c')).toBe(chat.conversation('c'))
  })
})

describe('L5: a message', () => {
  it('is shown in the call that sends it and keeps its key until it is read', async () => {
    const { chat, mock, pass, online } = drivenChat()
    const talk = chat.conversation('c')
    const seen: string[] = []
    talk.timeline.subscribe(({ messages }) => seen.push(messages.map(({ key, status }) => `${key} ${status}`).join()))
    mock.say('c', 'ann', 'hello')
    await online()
    const localId = talk.send('mine')
    expect(talk.timeline.get().messages.at(-1)).toMatchObject({ key: localId, status: 'sending', mine: true })
    await pass(1_000)
    mock.push({ type: 'marks', conversation: 'c', epoch: 'c-1', marks: [{ user: 'ann', delivered: 2, read: 2 }] })
    await pass(1_000)
    const statuses = seen.flatMap((list) => list.split(',')).filter((each) => each.startsWith(localId))
    expect(statuses.at(-1)).toBe(`${localId} read`)
    expect(seen.every((list) => list.split(',').filter((each) => each.startsWith(localId)).length <= 1)).toBe(true)
  })

  it('keeps its object while nothing of it changed', async () => {
    const { chat, mock, pass, online } = drivenChat()
    const talk = chat.conversation('c')
    talk.timeline.subscribe(() => {})
    mock.say('c', 'ann', 'one')
    await online()
    const [before] = talk.timeline.get().messages
    mock.say('c', 'ann', 'two')
    talk.send('three')
    await pass(1_000)
    expect(talk.timeline.get().messages).toHaveLength(3)
    expect(talk.timeline.get().messages[0]).toBe(before)
    const view = talk.timeline.get()
    mock.push({ type: 'people', people: [] })
    await pass(1_000)
    expect(talk.timeline.get()).toBe(view)
  })

  it('R18: pending ones stand at the end of the newest run only; a failed one stays where it failed', async () => {
    const { chat, mock, pass, online } = drivenChat()
    const talk = chat.conversation('c')
    talk.timeline.subscribe(() => {})
    for (let i = 1; i <= 300; i++) mock.say('c', 'ann', i)
    await online()
    mock.drop((frame) => frame.type === 'operation')
    const failed = talk.send('failed')
    await pass()
    mock.push({ type: 'reject', conversation: 'c', localId: failed, try: 1, code: 'forbidden', final: true })
    mock.say('c', 'ann', 301)
    talk.send('pending')
    await pass()
    expect(texts(talk.timeline.get()).slice(-4)).toEqual([300, 'failed', 301, 'pending'])
    const jumped = talk.jumpTo(100)
    await pass()
    await jumped
    expect(texts(talk.timeline.get())).not.toContain('pending')
    expect(talk.timeline.get()).toMatchObject({ atLatest: false, hasNewer: true, gaps: [{ from: 125, to: 200 }] })
    await talk.jumpToLatest()
    expect(talk.timeline.get()).toMatchObject({ atLatest: true, gaps: [] })
  })

  it('R19 R22: the first unread is named where it is held', async () => {
    const { chat, mock, pass, online } = drivenChat()
    const talk = chat.conversation('c')
    talk.timeline.subscribe(() => {})
    mock.say('c', 'ann', 1)
    await online()
    talk.markRead()
    talk.send('mine')
    await pass(1_000)
    const { id } = mock.say('c', 'ann', 3)
    await pass(1_000)
    expect(talk.timeline.get().firstUnread).toBe(id)
    talk.markRead()
    expect(talk.timeline.get().firstUnread).toBeUndefined()
  })

  it('R21: marked unread on one device is unread on all of its user, until one reads it; nobody else hears', async () => {
    const one = drivenChat()
    const { mock, clock } = one
    const two = drivenChat({ mock, clock, storage: memoryStorage() })
    const hers = drivenChat({ mock, clock, user: 'ann', storage: memoryStorage() })
    const ids = [1, 2, 3].map((n) => mock.say('c', 'ann', n).id)
    const [talk, other, third] = [one, two, hers].map(({ chat }) => chat.conversation('c')) as [Conversation, Conversation, Conversation]
    for (const each of [talk, other, third]) each.timeline.subscribe(() => {})
    for (const { online } of [one, two, hers]) await online()
    const shown = () => [one, two].map(({ chat }) => [chat.conversation('c').timeline.get().firstUnread, chat.inbox.get().unread])
    other.markRead()
    await one.pass(1_000)
    const [told, marks] = [mock.sent.length, third.details.get().marks]
    talk.markUnread(2)
    await one.pass(1_000)
    expect(mock.sent.slice(told)).toMatchObject([{ type: 'receipt', marked: { at: 2, rev: 1 } }])
    expect(shown()).toEqual([
      [ids[1], 2],
      [ids[1], 2],
    ])
    other.markUnread()
    await one.pass(1_000)
    expect(shown()).toEqual([
      [ids[2], 1],
      [ids[2], 1],
    ])
    other.markRead()
    await one.pass(1_000)
    expect(shown()).toEqual([
      [undefined, 0],
      [undefined, 0],
    ])
    expect([...third.details.get().marks]).toEqual([...marks])
    expect(() => talk.markUnread(1.5)).toThrow(expect.objectContaining({ code: 'bad-argument' }))
  })
})

describe('content', () => {
  it('R10: is checked on the way out, and what does not fit on the way in keeps its place', async () => {
    const { chat, mock, pass, online } = drivenChat<string>({ content: shouted })
    const talk = chat.conversation('c')
    talk.timeline.subscribe(() => {})
    await online()
    expect(() => talk.send(7 as unknown as string)).toThrow(
      expect.objectContaining({ code: 'content-invalid', message: expect.stringContaining('no text') }),
    )
    talk.send('mine')
    mock.say('c', 'ann', { no: 'text' })
    mock.say('c', 'ann', 'hers')
    await pass(1_000)
    const { messages } = talk.timeline.get()
    expect(messages.map(({ content }) => content)).toContain('mine!')
    expect(messages.map(({ content }) => content)).toContain('hers!')
    expect(messages.find(({ invalid }) => invalid)).toMatchObject({ invalid: { raw: { no: 'text' } }, content: undefined })
  })

  it.each<[string, unknown, string]>([
    ['undefined', undefined, 'content-invalid'],
    ['a bigint', 1n, 'content-invalid'],
    ['a function', () => {}, 'content-invalid'],
    ['more than 32 KiB', 'x'.repeat(32 * 1024), 'content-too-large'],
    ['more than 32 KiB of UTF-8', 'ü'.repeat(17_000), 'content-too-large'],
    ['deeper than the protocol carries', Array.from({ length: 30 }).reduce<unknown>((inner) => [inner], 1), 'content-invalid'],
    ['a longer list than the protocol carries', Array.from({ length: 1_001 }, () => 0), 'content-invalid'],
  ])('refuses %s and changes nothing', (_, content, code) => {
    const { chat } = drivenChat()
    expect(() => chat.conversation('c').send(content)).toThrow(expect.objectContaining({ code }))
    expect(chat.outbox.get()).toEqual([])
  })

  it('refuses what a schema made of it, if that is not JSON', () => {
    const schema: StandardSchema<unknown> = { '~standard': { version: 1, vendor: 'test', validate: () => ({ value: undefined }) } }
    expect(() => drivenChat({ content: schema }).chat.conversation('c').send('x')).toThrow(
      expect.objectContaining({ code: 'content-invalid' }),
    )
  })

  it('a schema that answers later cannot be used', () => {
    const schema: StandardSchema<string> = { '~standard': { version: 1, vendor: 'test', validate: async () => ({ value: '' }) } }
    expect(() => drivenChat({ content: schema }).chat.conversation('c').send('x')).toThrow(
      expect.objectContaining({ code: 'bad-argument' }),
    )
  })

  it('L11 R17: a full outbox throws and changes nothing', () => {
    const { chat } = drivenChat()
    const talk = chat.conversation('c')
    const large = 'x'.repeat(32_000)
    let sent = 0
    const fill = () => {
      for (; sent < 2_000; sent++) talk.send(large)
    }
    expect(fill).toThrow(expect.objectContaining({ code: 'outbox-full', retry: 'later' }))
    expect(chat.outbox.get()).toHaveLength(sent)
    expect(sent).toBe(Math.floor((32 * 1024 * 1024) / 32_002))
  })
})

describe('settled()', () => {
  it('resolves with the message, before and after it is sent', async () => {
    const { chat, online, pass } = drivenChat()
    const localId = chat.conversation('c').send('mine')
    const waiting = chat.settled(localId)
    await online()
    await pass(1_000)
    expect(await waiting).toMatchObject({ localId, content: 'mine', status: 'sent', seq: 1 })
    expect(await chat.settled(localId)).toMatchObject({ localId, seq: 1 })
  })

  it('resolves where the acknowledgement carries no message and the log is behind', async () => {
    const { chat, mock, online, pass } = drivenChat()
    const talk = chat.conversation('c')
    talk.timeline.subscribe(() => {})
    await online()
    mock.drop((frame) => frame.type === 'operation' || frame.type === 'open')
    const localId = talk.send('mine')
    await pass()
    mock.push({ type: 'ack', conversation: 'c', localId, epoch: 'c-1', seq: 9 })
    await pass()
    const settled = vi.fn<(message: Message) => void>()
    void chat.settled(localId).then(settled)
    await pass()
    expect(settled).toHaveBeenCalledWith(expect.objectContaining({ localId, status: 'sent' }))
  })

  it('waits on while the session is refused, which connect() may cure, and ends with the chat', async () => {
    const { chat, mock, online, pass } = drivenChat()
    const talk = chat.conversation('c')
    mock.refuse('forbidden')
    await online()
    const settled = vi.fn<(outcome: unknown) => void>()
    const [first, second] = [talk.send('first'), talk.send('second')]
    void chat.settled(first).then(({ status }) => settled(status))
    await pass(60_000)
    expect(chat.session.get().phase).toBe('refused')
    expect(settled).not.toHaveBeenCalled()
    mock.accept()
    mock.drop((frame) => frame.type === 'operation' && frame.localId === second)
    await online()
    expect(settled).toHaveBeenCalledWith('sent')
    mock.refuse('forbidden')
    mock.disconnect()
    await pass(60_000)
    void chat.settled(second).catch(({ code }) => settled(code))
    await pass(60_000)
    expect(chat.session.get().phase).toBe('refused')
    expect(settled).toHaveBeenCalledTimes(1)
    await chat.close()
    expect(settled).toHaveBeenLastCalledWith('closed')
  })

  it('rejects: failed, taken back, unknown, aborted, closed', async () => {
    const { chat, mock, online, pass } = drivenChat()
    const talk = chat.conversation('c')
    talk.timeline.subscribe(() => {})
    await online()
    mock.drop((frame) => frame.type === 'operation')
    const failures: Promise<unknown>[] = []
    const code = (promise: Promise<unknown>) => failures.push(promise.catch((error: { code: string }) => error.code))
    const [failed, closed] = [talk.send('failed'), talk.send('closed')]
    await pass()
    code(chat.settled(failed))
    mock.push({ type: 'reject', conversation: 'c', localId: failed, try: 1, code: 'forbidden', final: true })
    await pass()
    code(chat.settled(failed))
    const back = chat.settled(failed).catch(() => {})
    talk.discard(failed)
    await back
    code(chat.settled('nobody'))
    code(chat.settled(closed, { signal: AbortSignal.abort() }))
    const controller = new AbortController()
    code(chat.settled(closed, { signal: controller.signal }))
    controller.abort()
    code(chat.settled(closed))
    await pass()
    await chat.close()
    code(chat.settled(closed))
    expect(await Promise.all(failures)).toEqual(['rejected', 'rejected', 'unknown-message', 'aborted', 'aborted', 'closed', 'closed'])
  })
})

describe('a message that an earlier page left in the outbox', () => {
  const left = async () => {
    const storage = memoryStorage()
    const earlier = drivenChat({ storage })
    const localId = earlier.chat.conversation('c').send('left')
    await earlier.pass(1_000)
    await earlier.chat.close()
    return { ...drivenChat({ storage, clock: earlier.clock }), localId }
  }

  it('settles, asked for before connect() and right after it', async () => {
    for (const connectsFirst of [false, true]) {
      const { chat, pass, online, localId } = await left()
      if (connectsFirst) chat.connect()
      const settled = chat.settled(localId)
      await pass()
      await online()
      expect(await settled).toMatchObject({ localId, content: 'left', status: 'sent' })
    }
  })

  it('is unknown where the outbox does not have it; its signal ends the wait, and so does the end of the chat', async () => {
    const { chat, pass, localId } = await left()
    await expect(chat.settled('nobody')).rejects.toMatchObject({ code: 'unknown-message' })
    const never: StorageFactory = () => ({ read: () => new Promise(() => {}), commit: async () => {}, close: async () => {} })
    const stuck = drivenChat({ storage: never })
    const controller = new AbortController()
    const aborted = stuck.chat.settled(localId, controller)
    const closed = stuck.chat.settled(localId)
    controller.abort()
    await expect(aborted).rejects.toMatchObject({ code: 'aborted' })
    await stuck.chat.close()
    await expect(closed).rejects.toMatchObject({ code: 'closed' })
    await pass()
  })

  it.each<[by: string, end: (chat: Chat, localId: string) => unknown, code: string]>([
    ['taken back', (chat, localId) => chat.conversation('c').discard(localId), 'discarded'],
    ['ended with the chat', (chat) => chat.close(), 'closed'],
  ])('%s a moment after it was read, whichever moment that is, ends the wait', async (_, end, code) => {
    for (let moment = 0; moment < 6; moment++) {
      const { chat, pass, online, localId } = await left()
      const ended = vi.fn<(code: string) => void>()
      chat.settled(localId).catch((error) => ended(error.code))
      const stop = chat.outbox.subscribe(async (list) => {
        if (list.length === 0) return
        for (let i = 0; i < moment; i++) await null
        stop()
        end(chat, localId)
      })
      await pass()
      if (code === 'discarded') await online()
      expect([moment, ...ended.mock.calls.flat()]).toEqual([moment, moment === 0 && code === 'discarded' ? 'unknown-message' : code])
    }
  })

  it('cannot be taken back nor tried again before it is read; the error says to wait', async () => {
    const { chat, pass, localId } = await left()
    const talk = chat.conversation('c')
    for (const call of [talk.retry, talk.discard]) {
      expect(() => call(localId)).toThrow('has this localId. See the outbox.')
    }
    chat.outbox.subscribe(() => {})
    await pass()
    expect(() => talk.retry(localId)).toThrow(expect.objectContaining({ code: 'unknown-message' }))
    talk.discard(localId)
    await pass(1_000)
    expect(talk.timeline.get().messages).toEqual([])
  })
})

describe('calls', () => {
  it('reject by their reason', async () => {
    const { chat, mock, online, pass } = drivenChat()
    const talk = chat.conversation('c')
    talk.timeline.subscribe(() => {})
    for (let i = 1; i <= 300; i++) mock.say('c', 'ann', i)
    await online()
    const code = (promise: Promise<unknown>) =>
      promise.then(
        () => 'done',
        (error: { code: string }) => error.code,
      )
    mock.drop((frame) => frame.type === 'history')
    const results = [code(talk.jumpTo(999)), code(talk.loadOlder({ signal: AbortSignal.abort() }))]
    const controller = new AbortController()
    results.push(code(talk.loadOlder({ signal: controller.signal })))
    controller.abort()
    results.push(code(talk.loadOlder()))
    await pass()
    mock.disconnect()
    await pass()
    results.push(code(talk.loadNewer()))
    expect(await Promise.all(results)).toEqual(['not-found', 'aborted', 'aborted', 'offline', 'done'])
    expect(() => talk.retry('nobody')).toThrow(expect.objectContaining({ code: 'unknown-message' }))
    expect(() => talk.discard('nobody')).toThrow(expect.objectContaining({ code: 'unknown-message' }))
  })

  it('that wait when the chat is closed reject', async () => {
    const { chat, mock, online, pass } = drivenChat()
    const talk = chat.conversation('c')
    talk.timeline.subscribe(() => {})
    for (let i = 1; i <= 300; i++) mock.say('c', 'ann', i)
    await online()
    mock.drop((frame) => frame.type === 'history')
    const waiting = talk.loadOlder().catch((error: { code: string }) => error.code)
    await pass()
    await chat.close()
    expect(await waiting).toBe('closed')
  })
})

describe('events', () => {
  it('a throwing listener harms none and raises `fault`', async () => {
    const { chat, mock, online, pass } = drivenChat()
    chat.conversation('c').timeline.subscribe(() => {})
    const heard: unknown[] = []
    const faults: unknown[] = []
    chat.on('fault', ({ cause }) => faults.push(cause))
    chat.on('message', () => {
      throw new Error('mine')
    })
    const off = chat.on('message', ({ message }) => heard.push(message.content))
    await online()
    mock.say('c', 'ann', 'one')
    await pass(1_000)
    off()
    mock.say('c', 'ann', 'two')
    await pass(1_000)
    expect(heard).toEqual(['one'])
    expect(faults).toHaveLength(2)
    expect(chat.session.get().phase).toBe('online')
  })

  it.each<[what: string, thrower: () => unknown]>([
    [
      'throws',
      () => {
        throw new Error('mine')
      },
    ],
    ['is async and rejects', () => Promise.reject(new Error('mine'))],
  ])('a logger or metrics hook that %s harms nothing', async (_, thrower) => {
    const logger = { debug: thrower, info: thrower, warn: thrower, error: thrower }
    const { chat, mock, online, pass } = drivenChat({ logger, metrics: thrower })
    const faults: unknown[] = []
    chat.on('fault', ({ cause }) => faults.push(cause))
    const talk = chat.conversation('c')
    await online()
    mock.disconnect()
    await pass(60_000)
    talk.send('mine')
    await pass(1_000)
    expect(chat.session.get().phase).toBe('online')
    expect(chat.outbox.get()).toEqual([])
    expect(new Set(faults.map(String))).toEqual(new Set(['Error: mine']))
  })

  it('a listener or subscriber that is async and rejects harms nothing, and is told as a fault', async () => {
    const { chat, online } = drivenChat()
    const faults: unknown[] = []
    chat.on('fault', ({ cause }) => faults.push(`${cause}`))
    chat.on('fault', async () => {
      throw new Error('of faults')
    })
    chat.session.subscribe(async ({ phase }) => {
      if (phase === 'online') throw new Error('mine')
    })
    await online()
    expect(faults).toEqual(['Error: mine'])
  })

  it('only what is told can be listened to, and only by a function', () => {
    const on = drivenChat().chat.on as (event: unknown, run: unknown) => void
    for (const [event, run] of [
      ['message', 5],
      ['nonsense', () => {}],
      ['toString', () => {}],
      [undefined, undefined],
    ]) {
      expect(() => on(event, run)).toThrow(expect.objectContaining({ code: 'bad-argument' }))
    }
  })

  it('the same listener given twice is two, each with an end of its own', async () => {
    const { chat, mock, online, pass } = drivenChat()
    const heard: string[] = []
    const run = ({ message }: { readonly message: { readonly content?: unknown } }) => heard.push(String(message.content))
    const ends = [chat.on('message', run), chat.on('message', run)]
    chat.conversation('c').timeline.subscribe(() => {})
    await online()
    for (const text of ['a', 'b', 'c']) {
      mock.say('c', 'ann', text)
      await pass(1_000)
      ends.pop()?.()
    }
    expect(heard).toEqual(['a', 'a', 'b'])
  })

  it('a listener of `fault` that throws is told to the log alone', async () => {
    const logged: unknown[] = []
    const quiet = () => {}
    const logger = { debug: quiet, info: quiet, warn: quiet, error: (_: string, fields?: object) => logged.push(fields) }
    const { chat, online } = drivenChat({ logger })
    const thrown = [new Error('first'), new Error('second')]
    chat.on('fault', () => {
      throw thrown[1]
    })
    chat.session.subscribe(({ phase }) => {
      if (phase === 'online') throw thrown[0]
    })
    await online()
    expect(logged).toEqual([{ cause: expect.objectContaining({ code: 'fault', cause: thrown[0] }) }, { cause: thrown[1] }])
  })

  it('metrics tell latencies and reconnects', async () => {
    const metrics: string[] = []
    const { chat, mock, online, pass } = drivenChat({ metrics: ({ name }) => metrics.push(name) })
    const talk = chat.conversation('c')
    talk.timeline.subscribe(() => {})
    await online()
    talk.send('mine')
    await pass(1_000)
    mock.push({ type: 'marks', conversation: 'c', epoch: 'c-1', marks: [{ user: 'ann', delivered: 1, read: 0 }] })
    await pass()
    mock.disconnect()
    await pass(1_000)
    expect(new Set(metrics)).toEqual(new Set(['catch-up', 'send-latency', 'delivered-latency', 'reconnect']))
  })

  it('failed and left are told with their reasons', async () => {
    const { chat, mock, online, pass } = drivenChat()
    const talk = chat.conversation('c')
    talk.timeline.subscribe(() => {})
    const told: unknown[] = []
    chat.on('failed', ({ error }) => told.push(error.code))
    chat.on('left', ({ why }) => told.push(why))
    await online()
    mock.drop((frame) => frame.type === 'operation')
    talk.send('mine')
    await pass()
    mock.push({ type: 'left', conversation: 'c', seq: 1, why: 'removed' })
    await pass()
    expect(told).toEqual(['conversation-gone', 'removed'])
    expect(talk.timeline.get()).toMatchObject({ state: 'gone', error: { code: 'conversation-gone' } })
    expect(() => talk.send('more')).toThrow(expect.objectContaining({ code: 'conversation-gone' }))
  })
})

describe('L11: the end', () => {
  it('there is one timer at most, and none after close, nor a link', async () => {
    const { chat, mock, clock, online, pass } = drivenChat()
    const talk = chat.conversation('c')
    talk.timeline.subscribe(() => {})
    await online()
    talk.send('mine')
    talk.setTyping(true)
    talk.markRead()
    await pass(100)
    expect(clock.pending()).toBe(1)
    await chat.close()
    await chat.close()
    expect(clock.pending()).toBe(0)
    const { length } = mock.sent
    mock.say('c', 'ann', 'late')
    await pass(60_000)
    expect(mock.sent).toHaveLength(length)
    expect(chat.session.get()).toEqual({ phase: 'closed' })
    expect(() => talk.send('more')).toThrow(expect.objectContaining({ code: 'closed' }))
    expect(() => chat.connect()).toThrow(expect.objectContaining({ code: 'closed' }))
  })

  it('close() called by a listener or a subscriber ends link and timer just so', async () => {
    for (const by of ['listener', 'subscriber'] as const) {
      const clock = virtualClock()
      const mock = mockTransport({ clock })
      let open = 0
      const counted = {
        ...mock,
        open(to: Parameters<typeof mock.open>[0]) {
          open += 1
          return mock.open({
            ...to,
            closed(why) {
              open -= 1
              to.closed(why)
            },
          })
        },
      }
      const { chat, online, pass } = drivenChat({ clock, mock: counted })
      const talk = chat.conversation('c')
      if (by === 'listener') chat.on('message', () => void chat.close())
      talk.timeline.subscribe(({ messages }) => {
        if (by === 'subscriber' && messages.length > 0) void chat.close()
      })
      await online()
      expect(open).toBe(1)
      mock.say('c', 'ann', 'enough')
      await pass()
      expect([by, open, clock.pending()]).toEqual([by, 0, 0])
    }
  })

  it('listens to nothing any more', async () => {
    const { chat, mock, online, pass } = drivenChat()
    const faults: unknown[] = []
    chat.on('fault', (error) => faults.push(error))
    chat.outbox.subscribe(() => {
      if (chat.session.get().phase === 'closed') throw new Error('late')
    })
    await online()
    await chat.close()
    chat.conversation('c').timeline.subscribe(() => {
      throw new Error('after the end')
    })
    mock.push({ type: 'people', people: [] })
    await pass(60_000)
    expect(faults).toEqual([])
  })

  it('a chat whose core breaks shows it, takes no calls and can still be closed', async () => {
    const cause = new Error('no disk')
    const { chat, clock, pass } = drivenChat({
      storage: () => {
        throw cause
      },
    })
    const faults: unknown[] = []
    const phases: string[] = []
    chat.on('fault', (error) => faults.push(error))
    chat.session.subscribe(({ phase }) => phases.push(phase))
    chat.connect()
    await pass()
    const error = expect.objectContaining({ code: 'fault', cause })
    expect(faults).toEqual([error])
    expect(chat.session.get()).toEqual({ phase: 'faulted', error })
    expect(chat.session.get()).toBe(chat.session.get())
    expect(phases.at(-1)).toBe('faulted')
    expect(() => chat.conversation('c').send('more')).toThrow(expect.objectContaining({ code: 'fault', cause: faults[0] }))
    await chat.close()
    expect(clock.pending()).toBe(0)
    expect(() => chat.connect()).toThrow(expect.objectContaining({ code: 'closed' }))
    expect(chat.session.get().phase).toBe('faulted')
  })

  it('a chat whose core breaks ends what waits, and a logout that flushes goes on', async () => {
    const { chat, clock, storage, online, pass } = drivenChat()
    await online()
    const talk = chat.conversation('c')
    const localId = talk.send('mine')
    const waiting = [chat.settled(localId), talk.jumpTo(5)].map((call) => call.catch(({ code }) => code))
    const out = chat.logout({ flushMs: 60_000 })
    vi.spyOn(clock, 'wall').mockImplementationOnce(() => {
      throw new Error('no clock')
    })
    talk.setTyping(true)
    await pass()
    expect(chat.session.get().phase).toBe('faulted')
    expect(await Promise.all(waiting)).toEqual(['closed', 'closed'])
    expect(await out).toMatchObject({ unsent: [{ localId }] })
    const left = await storage({ user: 'me' }, { state: () => {} }).read({ prefix: [] })
    expect(left.map(({ key }) => key[0])).toEqual(['g'])
  })

  it('a locked lane is let go', async () => {
    let released = 0
    const lanes = {
      claim: async () => {},
      release: () => {
        released += 1
      },
    }
    const { chat, online } = drivenChat({ lanes })
    await online()
    await chat.close()
    expect(released).toBe(1)
  })
})

describe('L10 R28: logout', () => {
  it('gives back what was never sent, wipes, and shows nothing any more', async () => {
    const storage = memoryStorage()
    const { chat, mock, online, pass } = drivenChat({ storage })
    const talk = chat.conversation('c')
    talk.timeline.subscribe(() => {})
    mock.say('c', 'ann', 'secret')
    await online()
    mock.drop((frame) => frame.type === 'operation')
    const localId = talk.send('unsent')
    await pass(1_000)
    const { unsent } = await chat.logout()
    expect(unsent).toMatchObject([{ localId, conversation: 'c', content: 'unsent' }])
    expect(talk.timeline.get().messages).toEqual([])
    expect(chat.inbox.get().items).toEqual([])
    expect(chat.outbox.get()).toEqual([])
    expect(() => talk.send('more')).toThrow(expect.objectContaining({ code: 'logged-out' }))
    const next = drivenChat({ storage })
    next.chat.conversation('c').timeline.subscribe(() => {})
    await next.pass(1_000)
    expect(next.chat.outbox.get()).toEqual([])
    expect(next.chat.conversation('c').timeline.get().messages).toEqual([])
  })

  it('waits `flushMs` for what is on its way, and no longer', async () => {
    const flushing = async (heal: boolean) => {
      const { chat, mock, online, pass, clock } = drivenChat()
      const talk = chat.conversation('c')
      talk.timeline.subscribe(() => {})
      await online()
      mock.drop((frame) => frame.type === 'operation')
      talk.send('mine')
      await pass()
      if (heal) mock.accept()
      const done = chat.logout({ flushMs: 20_000 })
      for (let i = 0; i < 10; i++) await pass(2_000)
      const { unsent } = await done
      return { unsent: unsent.length, timers: clock.pending() }
    }
    expect(await flushing(true)).toEqual({ unsent: 0, timers: 0 })
    expect(await flushing(false)).toEqual({ unsent: 1, timers: 0 })
  })

  it('says when the disk could not be wiped, and can be called again', async () => {
    const disk = crashingStorage(() => 0.5)
    const { chat, pass } = drivenChat({ storage: disk.factory })
    chat.conversation('c').send('mine')
    await pass()
    disk.failNext('failed')
    await expect(chat.logout()).rejects.toMatchObject({ code: 'storage-failed', retry: 'later' })
    expect(await chat.logout()).toMatchObject({ unsent: [{ content: 'mine' }] })
    expect(chat.outbox.get()).toEqual([])
  })

  it.each(['lost', 'blocked'] as const)('rejects where memory stands in for a disk that is %s: its rows are not wiped', async (reason) => {
    const storage: StorageFactory = (scope, to) => memoryStorage()(scope, { state: (state) => to.state({ ...state, reason }) })
    const { chat, pass } = drivenChat({ storage })
    chat.conversation('c').send('mine')
    await pass()
    await expect(chat.logout()).rejects.toMatchObject({ code: 'storage-failed' })
  })

  it('aborted, it leaves everything as it is', async () => {
    const { chat } = drivenChat()
    await expect(chat.logout({ signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'aborted' })
    expect(chat.session.get().phase).toBe('idle')
  })

  it('closed while it flushes, it leaves no timer behind', async () => {
    const { chat, mock, clock, online, pass } = drivenChat()
    await online()
    mock.drop((frame) => frame.type === 'operation')
    chat.conversation('c').send('mine')
    await pass()
    const done = chat.logout({ flushMs: 60_000 }).catch(() => {})
    await pass(100)
    await chat.close()
    await pass(100)
    expect(clock.pending()).toBe(0)
    await done
  })

  it('L1 R16: gives back what another instance stored after its lane was adopted: without locks it lives on', async () => {
    const storage = memoryStorage()
    const clock = virtualClock()
    const mock = mockTransport({ clock })
    const [here, there] = [drivenChat({ storage, clock, mock }), drivenChat({ storage, clock, mock })]
    const talk = there.chat.conversation('c')
    mock.drop((frame) => frame.type === 'operation')
    talk.send('before')
    await there.pass()
    await here.online()
    expect(here.chat.outbox.get()).toMatchObject([{ content: 'before' }])
    talk.send('after')
    await there.pass()
    const { unsent } = await here.chat.logout()
    expect(unsent.map(({ content }) => content).sort()).toEqual(['after', 'before'])
  })

  it('L1: wipes nothing where it cannot read what another instance has stored, and gives it back when called again', async () => {
    const storage = memoryStorage()
    let fails = false
    const failing: StorageFactory = (scope, to) => {
      const disk = storage(scope, to)
      return { ...disk, read: (range) => (fails && range.prefix[0] === 'o' ? Promise.reject(new Error('closed')) : disk.read(range)) }
    }
    const clock = virtualClock()
    const mock = mockTransport({ clock })
    const [here, there] = [drivenChat({ storage: failing, clock, mock }), drivenChat({ storage, clock, mock })]
    there.chat.conversation('c').send('theirs')
    await there.pass()
    await here.pass()
    fails = true
    await expect(here.chat.logout()).rejects.toMatchObject({ code: 'storage-failed', retry: 'later' })
    fails = false
    expect(await here.chat.logout()).toMatchObject({ unsent: [{ content: 'theirs' }] })
  })

  it('L1: where the messages cannot be read, it gives back what another instance has stored, and wipes', async () => {
    const storage = memoryStorage()
    const failing: StorageFactory = (scope, to) => {
      const disk = storage(scope, to)
      return { ...disk, read: (range) => (range.prefix[0] === 'm' ? Promise.reject(new Error('unreadable')) : disk.read(range)) }
    }
    const clock = virtualClock()
    const [here, there] = [drivenChat({ storage: failing, clock }), drivenChat({ storage, clock })]
    there.chat.conversation('c').send('theirs')
    await there.pass()
    expect(await here.chat.logout()).toMatchObject({ unsent: [{ content: 'theirs' }] })
    const disk = storage({ user: 'me' }, { state() {} })
    expect((await disk.read({ prefix: [] })).map(({ key }) => key)).toEqual([['g']])
  })

  it('L1: once it was rejected, nothing is taken that would be swallowed, and called again it waits for no flush', async () => {
    const disk = crashingStorage(() => 0.5)
    const { chat, online, mock, pass } = drivenChat({ storage: disk.factory })
    await online()
    mock.drop((frame) => frame.type === 'operation')
    const talk = chat.conversation('c')
    const localId = talk.send('mine')
    await pass()
    const waiting = expect(chat.settled(localId)).rejects.toMatchObject({ code: 'closed' })
    disk.failNext('failed')
    await expect(chat.logout()).rejects.toMatchObject({ code: 'storage-failed' })
    await waiting
    const refused = { code: 'logged-out', retry: 'after-auth' }
    for (const call of [() => talk.send('more'), () => talk.retry(localId), () => talk.discard(localId), () => chat.connect()])
      expect(call).toThrow(expect.objectContaining(refused))
    for (const call of [chat.settled(localId), talk.loadOlder(), talk.loadNewer(), talk.jumpTo(1), talk.jumpToLatest()])
      await expect(call).rejects.toMatchObject(refused)
    expect(chat.session.get()).toEqual({ phase: 'closed' })
    expect(await chat.logout({ flushMs: 60_000 })).toMatchObject({ unsent: [{ localId, content: 'mine' }] })
  })

  it('does not give back what its user has taken back', async () => {
    const { chat, mock, online, pass } = drivenChat()
    const talk = chat.conversation('c')
    await online()
    mock.drop((frame) => frame.type === 'operation')
    const localId = talk.send('mine')
    await pass(100)
    talk.discard(localId)
    await pass(100)
    expect(await chat.logout()).toEqual({ unsent: [] })
  })

  it('flushes what an earlier page has left as well', async () => {
    const parts = { storage: memoryStorage(), clock: virtualClock() }
    const mock = mockTransport(parts)
    const before = drivenChat({ ...parts, mock })
    before.chat.conversation('c').send('left')
    await before.pass(1_000)
    await before.chat.close()
    const { chat, pass } = drivenChat({ ...parts, mock })
    chat.connect()
    const done = chat.logout({ flushMs: 20_000 })
    await pass(10_000)
    expect(await done).toEqual({ unsent: [] })
    expect(mock.sent.filter(({ type }) => type === 'operation')).toHaveLength(1)
  })

  it('called twice at once, both give back what was never sent', async () => {
    const { chat, pass } = drivenChat()
    chat.conversation('c').send('mine')
    await pass()
    const [first, second] = await Promise.all([chat.logout(), chat.logout()])
    expect(first).toMatchObject({ unsent: [{ content: 'mine' }] })
    expect(second).toEqual(first)
  })

  it('called again without a flush, it cuts short one that flushes, which gives back the same', async () => {
    const { chat, mock, clock, online, pass } = drivenChat()
    await online()
    mock.drop((frame) => frame.type === 'operation')
    chat.conversation('c').send('mine')
    await pass()
    const slow = chat.logout({ flushMs: 60_000 })
    await pass()
    const fast = await chat.logout()
    expect(fast).toMatchObject({ unsent: [{ content: 'mine' }] })
    expect(await slow).toEqual(fast)
    expect(clock.pending()).toBe(0)
  })

  it('once it was rejected, the chat can still be closed', async () => {
    const disk = crashingStorage(() => 0.5)
    const { chat, clock } = drivenChat({ storage: disk.factory })
    disk.failNext('failed')
    await expect(chat.logout()).rejects.toMatchObject({ code: 'storage-failed' })
    await chat.close()
    await expect(chat.logout()).rejects.toMatchObject({ code: 'closed' })
    expect(clock.pending()).toBe(0)
  })

  it('another instance of the user shows and sends nothing more', async () => {
    const storage = memoryStorage()
    const clock = virtualClock()
    const mock = mockTransport({ clock })
    const [here, there] = [drivenChat({ storage, clock, mock }), drivenChat({ storage, clock, mock })]
    const talk = there.chat.conversation('c')
    talk.timeline.subscribe(() => {})
    mock.say('c', 'ann', 'secret')
    await there.online()
    expect(talk.timeline.get().messages).toHaveLength(1)
    await here.chat.logout()
    talk.send('too late')
    await there.pass(1_000)
    expect(talk.timeline.get().messages).toEqual([])
    expect(there.chat.session.get()).toEqual({ phase: 'closed' })
    expect(mock.sent.filter(({ type }) => type === 'operation')).toEqual([])
  })
})

it.each([0, -1, -86_400_000])('L4: a device whose clock stands %i ms from 1970 sends, in order', async (wallMs) => {
  const clock = { ...virtualClock(), wall: () => wallMs }
  const { chat, online } = drivenChat({ clock })
  await online()
  const talk = chat.conversation('c')
  const ids = ['a', 'b', 'c'].map((content) => talk.send(content))
  expect(ids).toEqual([...new Set(ids)].sort())
})
