// @vitest-environment happy-dom
import { mount } from '@vue/test-utils'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { createSSRApp, defineComponent, h, nextTick, type Ref, ref } from 'vue'
import { renderToString } from 'vue/server-renderer'
import { type FakeChat, fakeChat, listOf, viewOf } from '../../test/fakes/fake-chat.js'
import { watchedChat } from '../../test/fakes/watched-chat.js'
import { chatPlugin, provideChat, useChat, useConversation, useInbox, useSession } from './index.js'

let chat: FakeChat
beforeEach(() => {
  chat = fakeChat()
})

const subscribersOf = (id: string): number[] => {
  const { timeline, typing, details } = chat.conversation(id)
  return [timeline.subscribers(), typing.subscribers(), details.subscribers()]
}

/** One component that shows what `setup` returns as text, and counts its renders. */
const shower = (setup: () => () => string, count = { renders: 0 }) =>
  defineComponent({
    setup: () => {
      const text = setup()
      return () => {
        count.renders++
        return h('p', text())
      }
    },
  })

const texts = (id: string | Ref<string>) =>
  shower(() => {
    const talk = useConversation<{ text: string }>(id)
    return () => [talk.value.state, ...talk.value.messages.map((one) => one.content?.text), ...talk.value.typing].join(' ')
  })

const show = (component: ReturnType<typeof shower>) => mount(component, { global: { plugins: [chatPlugin(chat)] } })

describe('useConversation', () => {
  it('shows the view and what surrounds it, follows changes, and ends with the component', async () => {
    const page = show(texts('a'))
    expect(page.text()).toBe('loading')
    chat.conversation('a').timeline.set(viewOf('hi'))
    chat.conversation('a').typing.set(['ben'])
    await nextTick()
    await nextTick()
    expect(page.text()).toBe('ready hi ben')
    expect(subscribersOf('a')).toEqual([1, 1, 1])
    page.unmount()
    expect(subscribersOf('a')).toEqual([0, 0, 0])
    expect(chat.calls).toEqual([])
  })

  it('switches with the id, in the same render, and lets go of the conversation before', async () => {
    chat.conversation('a').timeline.set(viewOf('from a'))
    chat.conversation('b').timeline.set(viewOf('from b'))
    const id = ref('a')
    const page = show(texts(id))
    expect(page.text()).toBe('ready from a')
    id.value = 'b'
    await nextTick()
    expect(page.text()).toBe('ready from b')
    expect([subscribersOf('a'), subscribersOf('b')]).toEqual([
      [0, 0, 0],
      [1, 1, 1],
    ])
    page.unmount()
    id.value = 'a'
    await nextTick()
    expect(subscribersOf('a')).toEqual([0, 0, 0])
  })

  it('shows the new conversation as soon as the id is another', () => {
    chat.conversation('b').timeline.set(viewOf('from b'))
    const id = ref('a')
    let shown = (): string => ''
    show(
      shower(() => {
        const talk = useConversation(id)
        shown = () => talk.value.id
        return shown
      }),
    )
    id.value = 'b'
    expect(shown()).toBe('b')
  })

  it('renders nothing when what is selected did not change', async () => {
    const count = { renders: 0 }
    const page = show(
      shower(() => {
        const keys = useConversation(
          'a',
          (talk) => talk.messages.map((one) => one.key),
          (a, b) => a.join() === b.join(),
        )
        return () => keys.value.join()
      }, count),
    )
    chat.conversation('a').timeline.set(viewOf('one'))
    await nextTick()
    await nextTick()
    expect([page.text(), count.renders]).toEqual(['one', 2])
    chat.conversation('a').typing.set(['ben'])
    chat.conversation('a').timeline.set({ ...viewOf('one'), hasOlder: true })
    chat.session.set({ phase: 'connecting', attempt: 1 })
    await nextTick()
    await nextTick()
    expect(count.renders).toBe(2)
  })
})

describe('useInbox and useSession', () => {
  it('show the connection and the badge of the chat a parent provided', async () => {
    const bar = shower(() => {
      const phase = useSession((session) => session.phase)
      const unread = useInbox((inbox) => inbox.unread)
      return () => `${phase.value} ${unread.value}`
    })
    const page = mount({
      setup: () => {
        provideChat(chat)
        return () => h(bar)
      },
    })
    expect(page.text()).toBe('idle 0')
    chat.session.set({ phase: 'online', transport: 'fake', features: [] })
    chat.inbox.set(listOf(3))
    await nextTick()
    await nextTick()
    expect(page.text()).toBe('online 3')
    page.unmount()
    expect([chat.session.subscribers(), chat.inbox.subscribers()]).toEqual([0, 0])
  })
})

describe('on a server', () => {
  it('renders a snapshot without a subscription', async () => {
    const app = createSSRApp(texts('a')).use(chatPlugin(chat))
    expect(await renderToString(app)).toBe('<p>loading</p>')
    expect(subscribersOf('a')).toEqual([0, 0, 0])
    expect(chat.calls).toEqual([])
  })
})

describe('server-rendered markup', () => {
  it('is the blank snapshot though the chat is online, taken over without a mismatch, and then shows what there is', async () => {
    chat.conversation('a').timeline.set(viewOf('cached'))
    const page = () => createSSRApp(texts('a')).use(chatPlugin(chat))
    const served = document.createElement('div')
    served.innerHTML = await renderToString(page())
    expect(served.innerHTML).toBe('<p>loading</p>')
    const mismatches = [vi.spyOn(console, 'warn'), vi.spyOn(console, 'error')]
    const app = page()
    app.mount(served)
    for (const told of mismatches) expect(told).not.toHaveBeenCalled()
    await nextTick()
    await nextTick()
    expect(served.innerHTML).toBe('<p>ready cached</p>')
    app.unmount()
    vi.restoreAllMocks()
    expect(subscribersOf('a')).toEqual([0, 0, 0])
  })
})

describe('a real chat', () => {
  it('keeps link and storage closed on a server; a page opens the storage and no link', async () => {
    const { chat, touched } = watchedChat()
    expect(await renderToString(createSSRApp(texts('a')).use(chatPlugin(chat)))).toBe('<p>loading</p>')
    expect(touched).toEqual([])
    const page = mount(texts('a'), { global: { plugins: [chatPlugin(chat)] } })
    expect(touched).toEqual(['storage'])
    page.unmount()
    await chat.close()
  })
})

describe('useChat', () => {
  it('says what to do where none was provided', () => {
    expect(() => useChat()).toThrow('chatPlugin(chat)')
  })
})
