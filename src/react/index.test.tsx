// @vitest-environment happy-dom
import { act, type ReactElement, StrictMode, useEffect } from 'react'
import { createRoot, hydrateRoot, type Root } from 'react-dom/client'
import { renderToString } from 'react-dom/server'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type FakeChat, fakeChat, listOf, viewOf } from '../../test/fakes/fake-chat.js'
import { watchedChat } from '../../test/fakes/watched-chat.js'
import { ChatProvider, type ConversationState, useChat, useConversation, useInbox, useSession } from './index.js'

Object.assign(globalThis, { IS_REACT_ACT_ENVIRONMENT: true })

let chat: FakeChat
let root: Root
let host: HTMLElement

beforeEach(() => {
  chat = fakeChat()
  host = document.createElement('div')
  root = createRoot(host)
})
afterEach(() => act(async () => root.unmount()))

const show = (element: ReactElement): Promise<void> => act(async () => root.render(<ChatProvider chat={chat}>{element}</ChatProvider>))
const subscribersOf = (id: string): number[] => {
  const { timeline, typing, details } = chat.conversation(id)
  return [timeline.subscribers(), typing.subscribers(), details.subscribers()]
}

function Texts({ id }: { id: string }): ReactElement {
  const { messages, typing, state } = useConversation<{ text: string }>(id)
  return <p>{[state, ...messages.map((one) => one.content?.text), ...typing.map((user) => `${user}…`)].join(' ')}</p>
}

describe('useConversation', () => {
  it('shows the view and what surrounds it, and follows changes', async () => {
    await show(<Texts id="a" />)
    expect(host.textContent).toBe('loading')
    await act(async () => chat.conversation('a').timeline.set(viewOf('hi')))
    await act(async () => chat.conversation('a').typing.set(['ben']))
    expect(host.textContent).toBe('ready hi ben…')
  })

  it('has one subscription after the double mount of Strict Mode, none after unmount, and never connects', async () => {
    await show(
      <StrictMode>
        <Texts id="a" />
      </StrictMode>,
    )
    expect(subscribersOf('a')).toEqual([1, 1, 1])
    await act(async () => root.render(null))
    expect(subscribersOf('a')).toEqual([0, 0, 0])
    expect(chat.calls).toEqual([])
  })

  it('switches with the id and lets go of the conversation before', async () => {
    chat.conversation('a').timeline.set(viewOf('from a'))
    chat.conversation('b').timeline.set(viewOf('from b'))
    await show(<Texts id="a" />)
    await show(<Texts id="b" />)
    expect(host.textContent).toBe('ready from b')
    expect(subscribersOf('a')).toEqual([0, 0, 0])
    expect(subscribersOf('b')).toEqual([1, 1, 1])
  })

  it('renders nothing when what is selected did not change, also with an inline selector that returns a fresh array', async () => {
    let renders = 0
    function Keys(): ReactElement {
      renders++
      const keys = useConversation(
        'a',
        (talk) => talk.messages.map((one) => one.key),
        (a, b) => a.join() === b.join(),
      )
      return <p>{keys.join()}</p>
    }
    await show(<Keys />)
    await act(async () => chat.conversation('a').timeline.set(viewOf('one')))
    expect([host.textContent, renders]).toEqual(['one', 2])
    await act(async () => chat.conversation('a').typing.set(['ben']))
    await act(async () => chat.conversation('a').timeline.set({ ...viewOf('one'), hasOlder: true }))
    await act(async () => chat.conversation('b').timeline.set(viewOf('elsewhere')))
    await act(async () => chat.session.set({ phase: 'connecting', attempt: 1 }))
    expect(renders).toBe(2)
  })

  it('keeps the selection of an earlier render where equal, although an inline selector is a new one', async () => {
    const seen = new Set<readonly string[]>()
    function Keys({ tick }: { tick: number }): ReactElement {
      const keys = useConversation(
        'a',
        (talk) => talk.messages.map((one) => one.key),
        (a, b) => a.join() === b.join(),
      )
      seen.add(keys)
      return <p>{`${keys.join()} ${tick}`}</p>
    }
    chat.conversation('a').timeline.set(viewOf('one'))
    await show(<Keys tick={1} />)
    await show(<Keys tick={2} />)
    expect([host.textContent, seen.size]).toEqual(['one 2', 1])
  })

  it('does not loop over a selector that never returns the same', async () => {
    await show(<Selected />)
    expect(host.textContent).toBe('1')
    function Selected(): ReactElement {
      return <p>{useConversation('a', (talk) => [talk.id]).length}</p>
    }
  })

  it('hands out the verbs, which work unbound', async () => {
    let talk: ConversationState | undefined
    function Verbs(): null {
      talk = useConversation('a')
      return null
    }
    await show(<Verbs />)
    const { send, markRead, loadOlder } = talk as ConversationState
    expect(send({ text: 'hi' })).toBe('local-1')
    markRead()
    await loadOlder()
    expect(chat.calls).toEqual(['a send {"text":"hi"}', 'a markRead', 'a loadOlder'])
  })
})

describe('useInbox and useSession', () => {
  function Bar(): ReactElement {
    const { unread, loadMore } = useInbox()
    useEffect(loadMore, [loadMore])
    return <p>{`${useSession((session) => session.phase)} ${unread}`}</p>
  }

  it('show the connection and the badge', async () => {
    await show(<Bar />)
    expect(host.textContent).toBe('idle 0')
    await act(async () => {
      chat.session.set({ phase: 'online', transport: 'fake', features: [] })
      chat.inbox.set(listOf(3))
    })
    expect(host.textContent).toBe('online 3')
    await act(async () => root.render(null))
    expect([chat.session.subscribers(), chat.inbox.subscribers()]).toEqual([0, 0])
    expect(chat.calls).toEqual(['loadMore'])
  })
})

describe('on a server', () => {
  const page = (): ReactElement => (
    <ChatProvider chat={chat}>
      <Texts id="a" />
    </ChatProvider>
  )

  it('renders the blank snapshot without a subscription', () => {
    chat.conversation('a').timeline.set(viewOf('cached'))
    expect(renderToString(page())).toBe('<p>loading</p>')
    expect(subscribersOf('a')).toEqual([0, 0, 0])
    expect(chat.calls).toEqual([])
  })

  it('touches neither link nor storage of a real chat; a page opens the storage and no link', async () => {
    const { chat, touched } = watchedChat()
    const element = (
      <ChatProvider chat={chat}>
        <Texts id="a" />
      </ChatProvider>
    )
    expect(renderToString(element)).toBe('<p>loading</p>')
    expect(touched).toEqual([])
    await act(async () => root.render(element))
    expect(touched).toEqual(['storage'])
    await act(async () => root.render(null))
    await chat.close()
  })

  it('is taken over with equal markup, and then shows what the device already held', async () => {
    const served = document.createElement('div')
    served.innerHTML = renderToString(page())
    chat.conversation('a').timeline.set(viewOf('cached'))
    const mismatches: unknown[] = []
    await act(async () => {
      root = hydrateRoot(served, page(), { onRecoverableError: (error) => mismatches.push(error) })
    })
    expect(served.textContent).toBe('ready cached')
    expect(mismatches).toEqual([])
  })
})

describe('useChat', () => {
  it('says what to do where no provider stands', () => {
    function Lost(): null {
      useChat()
      return null
    }
    expect(() => renderToString(<Lost />)).toThrow('<ChatProvider chat={chat}>')
  })
})
