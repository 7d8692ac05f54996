// @vitest-environment happy-dom
import { flushSync, mount, unmount } from 'svelte'
import { get, writable } from 'svelte/store'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Chat } from '../client/api.js'
import { type FakeChat, fakeChat, listOf, viewOf } from '../../test/fakes/fake-chat.js'
import { watchedChat } from '../../test/fakes/watched-chat.js'
import { getChat, setChat, useConversation, useInbox, useSession } from './index.js'

let chat: FakeChat
beforeEach(() => {
  chat = fakeChat()
})
afterEach(() => vi.unstubAllGlobals())

const subscribersOf = (id: string): number[] => {
  const { timeline, typing, details } = chat.conversation(id)
  return [timeline.subscribers(), typing.subscribers(), details.subscribers()]
}

/** Runs `set` where a component of Svelte is set up, under one that handed out the chat. */
function inComponent<T>(set: () => T, handed: Chat = chat): T {
  let result: { readonly value: T } | undefined
  const component = mount(
    () => {
      setChat(handed)
      result = { value: set() }
      return {}
    },
    { target: document.body },
  )
  flushSync()
  void unmount(component)
  if (!result) throw new Error('The component was not set up.')
  return result.value
}

/** Runs `make` where there is no window, as in server rendering. */
function onServer<T>(make: () => T): T {
  vi.stubGlobal('window', undefined)
  const made = make()
  vi.unstubAllGlobals()
  return made
}

describe('useConversation', () => {
  it('is a store of the view and what surrounds it, and ends with its last subscriber', async () => {
    const talk = inComponent(() => useConversation<{ text: string }>('a'))
    const heard: string[] = []
    const end = talk.subscribe((now) => heard.push([now.state, ...now.messages.map((one) => one.content?.text), ...now.typing].join(' ')))
    chat.conversation('a').timeline.set(viewOf('hi'))
    chat.conversation('a').typing.set(['ben'])
    await Promise.resolve()
    expect(heard).toEqual(['loading', 'ready hi ben'])
    expect(subscribersOf('a')).toEqual([1, 1, 1])
    end()
    expect(subscribersOf('a')).toEqual([0, 0, 0])
    expect(chat.calls).toEqual([])
  })

  it('switches with a store of ids and lets go of the conversation before', () => {
    chat.conversation('a').timeline.set(viewOf('from a'))
    chat.conversation('b').timeline.set(viewOf('from b'))
    const id = writable('a')
    const talk = inComponent(() => useConversation(id, (now) => now.messages.map((one) => one.key).join()))
    const heard: string[] = []
    const end = talk.subscribe((now) => heard.push(now))
    id.set('b')
    expect(heard).toEqual(['from a', 'from b'])
    expect(talk.get()).toBe('from b')
    expect([subscribersOf('a'), subscribersOf('b')]).toEqual([
      [0, 0, 0],
      [1, 1, 1],
    ])
    end()
    id.set('a')
    expect([subscribersOf('a'), subscribersOf('b')]).toEqual([
      [0, 0, 0],
      [0, 0, 0],
    ])
  })

  it('says nothing when what is selected did not change', async () => {
    const keys = inComponent(() =>
      useConversation(
        'a',
        (talk) => talk.messages.map((one) => one.key),
        (a, b) => a.join() === b.join(),
      ),
    )
    let runs = 0
    const end = keys.subscribe(() => runs++)
    chat.conversation('a').timeline.set(viewOf('one'))
    await Promise.resolve()
    expect(runs).toBe(2)
    chat.conversation('a').typing.set(['ben'])
    chat.conversation('a').timeline.set({ ...viewOf('one'), hasOlder: true })
    await Promise.resolve()
    expect(runs).toBe(2)
    end()
  })
})

describe('useInbox and useSession', () => {
  it('are stores of the connection and the badge', () => {
    const [phase, unread] = inComponent(() => [useSession((session) => session.phase), useInbox((inbox) => inbox.unread)] as const)
    chat.session.set({ phase: 'online', transport: 'fake', features: [] })
    chat.inbox.set(listOf(3))
    expect([get(phase), get(unread)]).toEqual(['online', 3])
    expect([chat.session.subscribers(), chat.inbox.subscribers()]).toEqual([0, 0])
  })
})

describe('on a server', () => {
  it('gives a snapshot without a subscription', () => {
    const subscribed = vi.spyOn(chat.conversation('a').timeline, 'subscribe')
    const session = vi.spyOn(chat.session, 'subscribe')
    const stores = inComponent(() => onServer(() => [useConversation('a', (talk) => talk.state), useSession((now) => now.phase)] as const))
    expect([get(stores[0]), get(stores[1])]).toEqual(['loading', 'idle'])
    expect(subscribed).not.toHaveBeenCalled()
    expect(session).not.toHaveBeenCalled()
  })
})

describe('server-rendered markup', () => {
  it('is taken over with the blank snapshot though the chat is online, which shows what there is once mounted', () => {
    chat.conversation('a').timeline.set(viewOf('cached'))
    chat.session.set({ phase: 'online', transport: 'fake', features: [] })
    const heard: unknown[] = []
    const [ids, ends] = [writable('a'), [] as (() => void)[]]
    const [talk, phase] = inComponent(() => {
      const stores = [useConversation(ids, (one) => one.state), useSession((now) => now.phase)] as const
      ends.push(...stores.map((store) => store.subscribe((now: unknown) => heard.push(now))))
      expect(stores.map((store) => store.get())).toEqual(['loading', 'idle'])
      return stores
    })
    expect(heard).toEqual(['loading', 'idle', 'ready', 'online'])
    expect([get(talk), get(phase)]).toEqual(['ready', 'online'])
    for (const end of ends) end()
    expect([...subscribersOf('a'), chat.session.subscribers()]).toEqual([0, 0, 0, 0])
  })
})

describe('a real chat', () => {
  it('keeps link and storage closed on a server; a page opens the storage and no link', async () => {
    const { chat: real, touched } = watchedChat()
    const state = () => useConversation('a', (talk) => talk.state)
    expect([get(inComponent(() => onServer(state), real)), touched]).toEqual(['loading', []])
    expect([get(inComponent(state, real)), touched]).toEqual(['loading', ['storage']])
    await real.close()
  })
})

describe('getChat', () => {
  it('says what to do where none was set', () => {
    expect(() => mount(() => getChat() && {}, { target: document.body })).toThrow('setChat(chat)')
  })
})
