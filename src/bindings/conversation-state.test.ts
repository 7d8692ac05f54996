import { describe, expect, it } from 'vitest'
import { fakeChat, viewOf } from '../../test/fakes/fake-chat.js'
import { conversationSource } from './conversation-state.js'

const tick = (): Promise<void> => Promise.resolve()

describe('conversationSource', () => {
  it('gives the same source for the same handle', () => {
    const chat = fakeChat()
    expect(conversationSource(chat.conversation('a'))).toBe(conversationSource(chat.conversation('a')))
    expect(conversationSource(chat.conversation('a'))).not.toBe(conversationSource(chat.conversation('b')))
  })

  it('joins view, typing, details and verbs, and keeps its reference while none of them changed', () => {
    const talk = fakeChat().conversation('a')
    const source = conversationSource(talk)
    const before = source.get()
    expect(source.get()).toBe(before)
    expect(before).toMatchObject({ id: 'a', messages: [], state: 'loading', typing: [], send: talk.send, jumpTo: talk.jumpTo })
    talk.typing.set(['ben'])
    expect(source.get()).not.toBe(before)
    expect(source.get().typing).toEqual(['ben'])
    expect(before.typing).toEqual([])
  })

  it('tells at once, then once for changes of several parts in one tick', async () => {
    const talk = fakeChat().conversation('a')
    const heard: [number, number][] = []
    const end = conversationSource(talk).subscribe((now) => heard.push([now.messages.length, now.typing.length]))
    expect(heard).toEqual([[0, 0]])
    talk.timeline.set(viewOf('one'))
    talk.typing.set(['ben'])
    await tick()
    expect(heard).toEqual([
      [0, 0],
      [1, 1],
    ])
    end()
    talk.timeline.set(viewOf('one', 'two'))
    await tick()
    expect(heard).toHaveLength(2)
  })

  it('leaves no subscription behind, and forgets the snapshot with the last one', () => {
    const talk = fakeChat().conversation('a')
    const source = conversationSource(talk)
    const ends = [source.subscribe(() => {}), source.subscribe(() => {})]
    const held = source.get()
    expect(talk.timeline.subscribers()).toBe(2)
    ends[0]?.()
    ends[0]?.()
    expect(source.get()).toBe(held)
    ends[1]?.()
    expect([talk.timeline, talk.typing, talk.details].map((part) => part.subscribers())).toEqual([0, 0, 0])
    expect(source.get()).not.toBe(held)
  })
})
