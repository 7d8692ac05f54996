import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { memoryStorage } from '../../storage/memory/index.js'
import { createTestChat, type TestChat, type TestChatOptions } from './test-chat.js'

type Content = { text: string }

let tests: TestChat<never>[]
beforeEach(() => {
  tests = []
  vi.useFakeTimers()
})
/** Everything of this file runs without a timer of the machine, and leaves none of its own clock. */
afterEach(async () => {
  for (const test of tests) {
    await test.close()
    expect(test.clock.pending()).toBe(0)
  }
  expect(vi.getTimerCount()).toBe(0)
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

function begin(options?: TestChatOptions<Content>): TestChat<Content> {
  const test = createTestChat<Content>(options)
  tests.push(test as TestChat<never>)
  return test
}

const isAnswer = ({ type }: { type: string }) => type === 'ack' || type === 'change'
const statuses = ({ chat }: Pick<TestChat<Content>, 'chat'>) =>
  chat
    .conversation('hello')
    .timeline.get()
    .messages.map(({ status }) => status)

describe('a test chat', () => {
  it('is connected, and hears what others say', async () => {
    const test = begin()
    expect(test.chat.user).toBe('ann')
    const row = await test.server.says('hello', 'bob', { text: 'hi' })
    expect(test.chat.session.get()).toMatchObject({ phase: 'online', transport: 'memory' })
    expect(test.chat.inbox.get()).toMatchObject({ state: 'ready', unread: 1, items: [{ conversation: 'hello', last: { id: row.id } }] })
    await test.expectView('hello', ['hi'])
    expect(test.clock.now()).toBe(0)
  })

  it('keeps offline what is said on both sides, and shows it in one order later', async () => {
    const test = begin()
    const talk = test.chat.conversation('hello')
    await test.server.says('hello', 'bob', { text: 'hi' })
    test.goOffline()
    talk.send({ text: 'later' })
    await test.server.says('hello', 'bob', { text: 'still there?' })
    await test.pass(5_000)
    expect(test.clock.now()).toBe(5_000)
    expect(test.chat.session.get().phase).not.toBe('online')
    expect(statuses(test)).toEqual(['queued'])
    test.goOnline()
    await test.expectView('hello', ['hi', 'still there?', { author: 'ann', text: 'later', status: 'sent' }])
  })

  it('hears at once that it went offline, even before it was online', async () => {
    const test = begin()
    test.goOffline()
    await test.pass(0)
    expect(test.chat.session.get()).toMatchObject({ phase: 'waiting', why: 'network' })
  })

  it('has a link that takes its time', async () => {
    const test = begin()
    await test.expectView('hello', [])
    const stop = test.chat.conversation('hello').timeline.subscribe(() => {})
    test.delay(200)
    await test.server.says('hello', 'bob', { text: 'hi' })
    await test.pass(199)
    expect(statuses(test)).toEqual([])
    await test.pass(1)
    expect(statuses(test)).toHaveLength(1)
    stop()
    expect(() => test.delay(-1)).toThrow('A link cannot take -1 ms')
  })

  it('has a link that loses what a test picks, until the test ends it', async () => {
    const test = begin()
    await test.expectView('hello', [])
    const ends = [test.drop(isAnswer), test.drop(isAnswer)]
    test.chat.conversation('hello').send({ text: 'once' })
    await test.pass(1_000)
    expect(statuses(test)).toEqual(['sending'])
    ends[0]?.()
    await test.pass(9_500)
    expect(statuses(test)).toEqual(['sending'])
    ends[1]?.()
    await test.expectView('hello', [{ text: 'once', status: 'sent' }])
  })

  it('checks content like any chat', async () => {
    const validate = (value: unknown) =>
      typeof (value as Content)?.text === 'string' ? { value: value as Content } : { issues: [{ message: 'no text' }] }
    const test = begin({ content: { '~standard': { version: 1, vendor: 'test', validate } } })
    expect(() => test.chat.conversation('hello').send({} as Content)).toThrow('no text')
  })

  it('delivers many messages of one moment before it is quiet', async () => {
    const test = begin()
    await test.expectView('hello', [])
    const stop = test.chat.conversation('hello').timeline.subscribe(() => {})
    await Promise.all(Array.from({ length: 250 }, (_, i) => test.server.says('hello', 'bob', { text: `${i}` })))
    expect(statuses(test)).toHaveLength(250)
    stop()
  })

  it('takes what a chat takes, and asks no browser for locks', async () => {
    const request = vi.fn()
    vi.stubGlobal('navigator', { locks: { request } })
    const metrics = vi.fn()
    const logger = { debug: vi.fn(), info: vi.fn(), warn: vi.fn(), error: vi.fn() }
    const test = begin({ metrics, logger })
    const bob = test.join<Content>('bob', { delivered: 'opened' })
    await test.server.put({ id: 'hello', members: ['ann', 'bob'] })
    test.chat.conversation('hello').send({ text: 'hi' })
    await test.pass(10_000)
    await test.expectView('hello', [{ status: 'sent' }])
    await bob.expectView('hello', ['hi'])
    await test.expectView('hello', [{ status: 'delivered' }])
    expect(metrics).toHaveBeenCalledWith({ name: 'send-latency', ms: 0 })
    test.goOffline()
    await test.pass(0)
    expect(Object.values(logger).some(({ mock }) => mock.calls.length > 0)).toBe(true)
    expect(request).not.toHaveBeenCalled()
  })

  it('is the same for the same seed, and another for another', async () => {
    const run = async (seed: number) => {
      const test = begin({ seed })
      test.chat.conversation('hello').send({ text: 'hi' })
      test.goOffline()
      await test.pass(20_000)
      test.goOnline()
      await test.expectView('hello', [{ text: 'hi', status: 'sent' }])
      return [test.clock.now(), ...test.chat.conversation('hello').timeline.get().messages]
    }
    const first = await run(7)
    expect(await run(7)).toEqual(first)
    expect(await run(8)).not.toEqual(first)
  })

  it('can be closed twice, and is over for good', async () => {
    const test = begin()
    const bob = test.join('bob')
    await test.close()
    await test.close()
    expect([test.chat.session.get().phase, bob.chat.session.get().phase]).toEqual(['closed', 'closed'])
  })
})

describe('the server of a test', () => {
  it('makes a conversation with everybody when somebody speaks there, and makes members of those who speak', async () => {
    const test = begin()
    const bob = test.join('bob')
    await test.server.says('hello', 'cid', { text: 'hi' })
    await test.server.says('hello', 'dan', { text: 'ho' })
    await test.server.says('hello', 'dan', { text: 'hum' })
    await bob.expectView('hello', ['hi', 'ho', 'hum'])
    expect(bob.chat.conversation('hello').details.get().members).toEqual(['ann', 'bob', 'cid', 'dan'])
  })

  it('makes conversations as an application wants them', async () => {
    const test = begin()
    await test.server.put({ id: 'team', members: ['ann', { user: 'bob', profile: { name: 'Bob' } }], profile: { title: 'Team' } })
    const [item] = test.chat.inbox.get().items
    expect(item).toMatchObject({ conversation: 'team', profile: { title: 'Team' } })
    await test.expectView('team', [])
    const { members, people } = test.chat.conversation('team').details.get()
    expect([members, people.get('bob')]).toEqual([['ann', 'bob'], { name: 'Bob' }])
  })

  it('keeps what was said as it was then', async () => {
    const test = begin()
    const content = { text: 'hi' }
    await test.server.says('hello', 'bob', content)
    content.text = 'changed'
    await test.expectView('hello', ['hi'])
  })

  it('refuses what no server would take', async () => {
    const { server } = begin()
    await expect(server.says('', 'bob', {})).rejects.toThrow('server.says: conversation must be')
    await expect(server.says('hello', '', {})).rejects.toThrow('server.says: author must be')
    await expect(server.says('hello', 'bob', undefined)).rejects.toThrow('content is missing')
    await expect(server.says('hello', 'bob', 'x'.repeat(33_000))).rejects.toThrow('at most 32768 bytes')
    await expect(server.put({ id: '', members: [] })).rejects.toThrow('server.put: id must be')
    await expect(server.put({ id: 'x', members: [''] })).rejects.toThrow('server.put: a member must be')
  })
})

describe('several devices', () => {
  it('have each a network of their own', async () => {
    const test = begin()
    const bob = test.join<Content>('bob')
    await bob.expectView('hello', [])
    bob.goOffline()
    test.chat.conversation('hello').send({ text: 'hi' })
    await test.expectView('hello', [{ author: 'ann', text: 'hi', status: 'sent' }])
    bob.goOnline()
    await bob.expectView('hello', [{ author: 'ann', text: 'hi' }])
    bob.chat.conversation('hello').markRead()
    await test.expectView('hello', [{ status: 'read' }])
  })

  it('of one user end one by one', async () => {
    vi.stubGlobal('document', Object.assign(new EventTarget(), { visibilityState: 'visible' }))
    const test = begin()
    const phone = test.join<Content>('ann')
    test.chat.conversation('hello').send({ text: 'hi' })
    await phone.expectView('hello', ['hi'])
    // What a browser would tell the tabs of the user has been told once this arrives.
    const [ear, mouth] = [new BroadcastChannel('chatloom:[null,"ann"]'), new BroadcastChannel('chatloom:[null,"ann"]')]
    const heard = new Promise((resolve) => {
      ear.onmessage = ({ data }) => data === 'last' && resolve(data)
    })
    await phone.chat.logout()
    mouth.postMessage('last')
    await heard
    for (const end of [ear, mouth]) end.close()
    expect(test.chat.session.get().phase).toBe('online')
  })

  it('on one storage are tabs, and one that comes later goes on where another ended', async () => {
    const storage = memoryStorage()
    const test = begin({ storage })
    await test.expectView('hello', [])
    test.goOffline()
    test.chat.conversation('hello').send({ text: 'unsent' })
    await test.pass(1_000)
    await test.chat.close()
    const reloaded = test.join<Content>('ann', { storage })
    await reloaded.expectView('hello', [{ text: 'unsent', status: 'sent' }])
  })
})

describe('waiting', () => {
  it('takes virtual time, and no more than it needs', async () => {
    const test = begin()
    test.clock.timer(30_000, () => void test.server.says('hello', 'bob', { text: 'late' }))
    await test.expectView('hello', ['late'])
    expect(test.clock.now()).toBe(30_000)
    await test.until(() => test.clock.now() >= 40_000, { withinMs: 60_000 })
    expect(test.clock.now()).toBeLessThan(90_000)
  })

  it('lets go of what it looked at', async () => {
    const test = begin()
    const bob = test.join('bob', { delivered: 'opened' })
    await bob.expectView('hello', [])
    test.chat.conversation('hello').send({ text: 'hi' })
    await test.pass(10_000)
    await test.expectView('hello', [{ status: 'sent' }], { withinMs: 0 })
  })

  it('says what is shown instead, and takes no longer than it may', async () => {
    const test = begin()
    await test.server.says('hello', 'bob', { text: 'hi' })
    await test.server.says('hello', 'bob', { poll: [1, 2] })
    await test.server.says('hello', 'bob', 'plain')
    await test.expectView('hello', ['hi', '{"poll":[1,2]}', 'plain'])
    test.goOffline()
    const failed = test.expectView('hello', ['ho', { author: 'ann', status: 'sent' }, {}], { withinMs: 100 })
    await expect(failed).rejects.toThrow(
      `hello did not show ann what was expected within 100 ms.
expected:
  ho
  ann: … (sent)
  …
shown (stale, session waiting, network):
  bob: hi (sent)
  bob: {"poll":[1,2]} (sent)
  bob: plain (sent)`,
    )
    expect(test.clock.now()).toBe(100)
  })

  it('for nothing says so', async () => {
    const test = begin()
    await test.server.says('hello', 'bob', { text: 'hi' })
    const lines = 'expected:\n  nothing\nshown (ready, session online):\n  bob: hi (sent)'
    await expect(test.expectView('hello', [])).rejects.toThrow(lines)
    const words = 'It did not come to be so within 10 ms: () => false'
    await expect(test.until(() => false, { withinMs: 10 })).rejects.toThrow(words)
  })

  it('tells messages apart by each of their parts', async () => {
    const test = begin()
    await test.server.says('hello', 'bob', { text: 'hi' })
    for (const wrong of ['ho', { author: 'ann' }, { text: 'ho' }, { status: 'read' as const }]) {
      await expect(test.expectView('hello', [wrong], { withinMs: 0 })).rejects.toThrow('did not show')
    }
    await expect(test.expectView('hello', ['hi', 'hi'], { withinMs: 0 })).rejects.toThrow('did not show')
    await test.expectView('hello', [{ author: 'bob', text: 'hi', status: 'sent' }], { withinMs: 0 })
  })

  it('lets promises of the application come to their end', async () => {
    const test = begin()
    test.chat.on('message', async ({ message }) => {
      if (message.mine) return
      for (let i = 0; i < 60; i++) await null
      test.chat.conversation('hello').send({ text: 'answer' })
    })
    await test.expectView('hello', [])
    const stop = test.chat.conversation('hello').timeline.subscribe(() => {})
    await test.server.says('hello', 'bob', { text: 'question' })
    expect(statuses(test)).toHaveLength(2)
    stop()
  })
})
