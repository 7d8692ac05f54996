/** What session, inbox, outbox and details show: equal snapshots are the same object. */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { describe, expect, it } from 'vitest'
import { drivenChat } from '../../test/fakes/driven-chat.js'
import { ChatError, failure, isChatError } from '../ports/errors.js'
import type { Message } from './api.js'
import { levelsOf, statusAt } from './messages.js'

describe('the session', () => {
  it('shows every phase with its reason', async () => {
    const { chat, mock, pass } = drivenChat()
    const phases: string[] = []
    chat.session.subscribe((session) => phases.push(JSON.stringify(session).replace(/"(phase|transport|features)":/g, '')))
    chat.connect()
    await pass(1_000)
    mock.disconnect()
    await pass()
    const waiting = chat.session.get()
    expect(waiting).toMatchObject({ phase: 'waiting', attempt: 1, why: 'network' })
    expect(chat.session.get()).toBe(waiting)
    mock.refuse('forbidden')
    await pass(60_000)
    expect(chat.session.get()).toEqual({ phase: 'refused', code: 'forbidden' })
    mock.accept()
    chat.connect()
    await pass(1_000)
    expect(chat.session.get()).toMatchObject({ phase: 'online', transport: 'mock' })
    expect(phases[0]).toBe('{"idle"}')
  })
})

describe('the outbox', () => {
  it('lists unsettled messages with status, tries and error, each the same object while equal', async () => {
    const { chat, mock, online, pass } = drivenChat()
    const talk = chat.conversation('c')
    await online()
    mock.drop((frame) => frame.type === 'operation')
    const [a, b] = [talk.send('a'), talk.send('b')]
    await pass()
    mock.push({ type: 'reject', conversation: 'c', localId: a, try: 1, code: 'too-large', final: true })
    const before = chat.outbox.get()[1]
    expect(before).toMatchObject({ localId: b, status: 'sending', durable: false, attempts: 1 })
    await pass()
    expect(chat.outbox.get()[0]).toMatchObject({
      localId: a,
      content: 'a',
      status: 'failed',
      error: { code: 'rejected', cause: 'too-large' },
    })
    const list = chat.outbox.get()
    mock.say('c', 'ann', 'hello')
    await pass(100)
    expect(chat.outbox.get()).toBe(list)
  })

  it('one that is taken back is no longer listed as a message of the timeline', async () => {
    const { chat, mock, online, pass } = drivenChat()
    const talk = chat.conversation('c')
    talk.timeline.subscribe(() => {})
    await online()
    mock.drop((frame) => frame.type === 'operation')
    const localId = talk.send('mine')
    await pass()
    talk.discard(localId)
    expect(talk.timeline.get().messages).toEqual([])
    mock.accept()
    await pass(30_000)
    expect(chat.outbox.get()).toEqual([])
  })
})

describe('inbox and details', () => {
  it('the inbox shows 100 and more on demand, with people, badge and the newest of log and outbox', async () => {
    const { chat, mock, online, pass } = drivenChat()
    for (let i = 0; i < 130; i++) mock.say(`c${i}`, 'ann', i)
    chat.inbox.subscribe(() => {})
    await online()
    expect(chat.inbox.get()).toMatchObject({ hasMore: true, unread: 130, unreadMore: false, state: 'ready' })
    expect(chat.inbox.get().items).toHaveLength(100)
    chat.inbox.loadMore()
    chat.inbox.loadMore()
    expect(chat.inbox.get().items).toHaveLength(130)
    expect(chat.inbox.get().hasMore).toBe(false)
    chat.conversation('c7').send('mine')
    await pass(1_000)
    expect(chat.inbox.get().items[0]).toMatchObject({ conversation: 'c7', last: { content: 'mine', mine: true } })
    expect(chat.inbox.get().items[0]?.people.get('ann')).toEqual({ name: 'ann' })
    const items = new Set(chat.inbox.get().items)
    mock.say('c9', 'ann', 'more')
    await pass(1_000)
    expect(chat.inbox.get().items.filter((item) => !items.has(item)).length).toBeLessThanOrEqual(1)
  })

  it("details come from the log, before it from the list, and keep their object; others' typing is listed", async () => {
    const { chat, mock, online, pass } = drivenChat()
    const talk = chat.conversation('c')
    mock.say('c', 'ann', 'hello')
    expect(talk.details.get()).toMatchObject({ members: [], memberCount: 0 })
    talk.details.subscribe(() => {})
    await online()
    const details = talk.details.get()
    expect(details).toMatchObject({ members: ['me', 'ann'], memberCount: 2 })
    expect(details.people.get('ann')).toEqual({ name: 'ann' })
    mock.push({ type: 'typing', conversation: 'c', user: 'ann', on: true })
    await pass()
    expect(talk.typing.get()).toEqual(['ann'])
    expect(talk.typing.get()).toBe(talk.typing.get())
    expect(talk.details.get()).toBe(details)
  })
})

describe('what was shown of a conversation', () => {
  it('L11: leaves memory with it once nobody looks, though its handle stays', async () => {
    setFlagsFromString('--expose-gc')
    const collect = runInNewContext('gc') as () => void
    const { chat, mock, online, pass } = drivenChat()
    const ids = Array.from({ length: 70 }, (_, i) => `c${i}`)
    for (const id of ids) mock.say(id, 'ann', 'hi')
    await online()
    const shown: WeakRef<Message>[] = []
    for (const id of ids) {
      const { timeline } = chat.conversation(id)
      const stop = timeline.subscribe(() => {})
      await pass(1_000)
      shown.push(new WeakRef(timeline.get().messages[0] as Message))
      stop()
    }
    await pass(1_000)
    // A WeakRef holds what it has been asked for until the task ends.
    await new Promise(setImmediate)
    collect()
    expect(shown.slice(0, 20).filter((each) => each.deref())).toEqual([])
  })

  it('is the same object to who looks away and looks again at once, as a component that is mounted twice', async () => {
    const { chat, mock, online, pass } = drivenChat()
    mock.say('c', 'ann', 'hi')
    await online()
    const { timeline, details } = chat.conversation('c')
    const look = () => [timeline, details].map((each) => each.subscribe(() => {}))
    const stops = look()
    await pass(1_000)
    const before = [timeline.get(), details.get()]
    for (const stop of stops) stop()
    look()
    await pass(1_000)
    expect([timeline.get(), details.get()].map((each, i) => each === before[i])).toEqual([true, true])
  })
})

describe('R23: the status of an own message', () => {
  const marks = new Map([
    ['ann', { delivered: 9, read: 9 }],
    ['eve', { delivered: 7, read: 3 }],
  ])
  const members = [
    { user: 'me', joined: 0 },
    { user: 'ann', joined: 0 },
    { user: 'eve', joined: 4 },
  ]
  const status = (seq: number, memberCount = 3) => statusAt(levelsOf({ members, memberCount, marks }, 'me'), seq)

  it.each([
    [3, 'read'],
    [5, 'delivered'],
    [7, 'delivered'],
    [8, 'sent'],
  ])('at %i is %s: every other member who joined before it counts', (seq, expected) => expect(status(seq)).toBe(expected))

  it('ends at `sent` above 256 members and where nobody else is', () => {
    expect(status(3, 257)).toBe('sent')
    expect(statusAt(levelsOf({ members: members.slice(0, 1), memberCount: 1, marks }, 'me'), 3)).toBe('sent')
  })
})

describe('errors', () => {
  it.each(['too-large', 'gave-up', 'conversation-gone', 'constructor', 'anything'])('%s becomes a sentence', (code) => {
    const error = failure(code)
    expect(error.message).toMatch(/^send failed: .+\. .+\.$/)
    expect(['rejected', 'gave-up', 'conversation-gone']).toContain(error.code)
  })

  it('are known by their brand, also of another copy of the package', () => {
    expect(isChatError(new ChatError('closed', 'x'))).toBe(true)
    expect(isChatError(Object.assign(new Error('x'), { [Symbol.for('chatloom.error')]: true }))).toBe(true)
    expect([new Error('x'), null, 'closed'].some(isChatError)).toBe(false)
    expect(new ChatError('closed', 'x')).toMatchObject({ name: 'ChatError', retry: 'never' })
  })
})
