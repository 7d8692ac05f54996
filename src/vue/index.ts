/**
 * Vue 3.4 and later. Every composable returns a `shallowRef` of an immutable snapshot; it subscribes when the component is
 * mounted, never on a server, where it shows the blank snapshot, and ends with its scope. None connects; the application calls `chat.connect()`.
 */
import {
  getCurrentInstance,
  hasInjectionContext,
  type InjectionKey,
  inject,
  type MaybeRefOrGetter,
  onMounted,
  onScopeDispose,
  type Plugin,
  provide,
  type ShallowRef,
  shallowRef,
  ssrContextKey,
  toValue,
  watch,
} from 'vue'
import { blankSession } from '../bindings/blank.js'
import { type ConversationState, conversationSource, type Source } from '../bindings/conversation-state.js'
import { type InboxState, inboxSource } from '../bindings/inbox-state.js'
import { type IsEqual, type Selector, select, whole } from '../bindings/select.js'
import type { Chat, Readable, Session } from '../client/api.js'

export type { ConversationState, InboxState, IsEqual, Selector }

const key: InjectionKey<Chat> = Symbol('chatloom')

/** Hands a chat to every composable of an application: `app.use(chatPlugin(chat))`. Does not connect it and does not close it. */
export function chatPlugin<Content>(chat: Chat<Content>): Plugin {
  return { install: (app) => void app.provide(key, chat as Chat) }
}

/** Hands a chat to the components below this one; call it in `setup`. */
export function provideChat<Content>(chat: Chat<Content>): void {
  provide(key, chat as Chat)
}

/** The chat of the nearest `provideChat`, else of the plugin. Throws where there is none. */
export function useChat<Content = unknown>(): Chat<Content> {
  const chat = hasInjectionContext() ? inject(key, null) : null
  if (!chat)
    throw new Error('No chat was found, because none was provided. Call app.use(chatPlugin(chat)), or provideChat(chat) in a parent.')
  return chat as Chat<Content>
}

/**
 * One conversation: its view, typing, details and verbs, or what `selector` picks of them. Changes only when that differs
 * by `isEqual`. Follows the conversation while mounted, and another one when `id` changes.
 */
export function useConversation<Content = unknown>(id: MaybeRefOrGetter<string>): Readonly<ShallowRef<ConversationState<Content>>>
export function useConversation<Selected, Content = unknown>(
  id: MaybeRefOrGetter<string>,
  selector: Selector<ConversationState<Content>, Selected>,
  isEqual?: IsEqual<Selected>,
): Readonly<ShallowRef<Selected>>
export function useConversation<Selected>(
  id: MaybeRefOrGetter<string>,
  selector: Selector<ConversationState, Selected> = whole,
  isEqual?: IsEqual<Selected>,
): Readonly<ShallowRef<Selected>> {
  const chat = useChat()
  return useSelected(() => conversationSource(chat.conversation(toValue(id))), selector, isEqual)
}

/** The list of conversations with their unread counts and the verb for more, or what `selector` picks of it. */
export function useInbox<Content = unknown>(): Readonly<ShallowRef<InboxState<Content>>>
export function useInbox<Selected, Content = unknown>(
  selector: Selector<InboxState<Content>, Selected>,
  isEqual?: IsEqual<Selected>,
): Readonly<ShallowRef<Selected>>
export function useInbox<Selected>(
  selector: Selector<InboxState, Selected> = whole,
  isEqual?: IsEqual<Selected>,
): Readonly<ShallowRef<Selected>> {
  const { inbox } = useChat()
  return useSelected(() => inboxSource(inbox), selector, isEqual)
}

/** The state of the connection, or what `selector` picks of it. */
export function useSession(): Readonly<ShallowRef<Session>>
export function useSession<Selected>(selector: Selector<Session, Selected>, isEqual?: IsEqual<Selected>): Readonly<ShallowRef<Selected>>
export function useSession<Selected>(
  selector: Selector<Session, Selected> = whole,
  isEqual?: IsEqual<Selected>,
): Readonly<ShallowRef<Selected>> {
  const { session } = useChat()
  return useSelected(() => ({ ...session, blank: blankSession }), selector, isEqual)
}

function useSelected<T, Selected>(
  at: () => Source<T>,
  selector: Selector<T, Selected>,
  isEqual?: IsEqual<Selected>,
): Readonly<ShallowRef<Selected>> {
  const value = shallowRef() as ShallowRef<Selected>
  const instance = getCurrentInstance()
  // A server renders the blank snapshot, whatever it holds, and a page takes its markup over with the same.
  const isServed = instance && (instance.vnode.el || inject(ssrContextKey, null))
  let end = (): void => {}
  let started = false
  let source: Readable<Selected>
  const follow = (): void => {
    end()
    end = source.subscribe((next) => {
      value.value = next
    })
  }
  const show = (next: Source<T>): void => {
    source = select(next, selector, isEqual)
    if (started) follow()
    else value.value = isServed ? selector(next.blank) : source.get()
  }
  // At once: a render between the change and the switch would show the conversation before under the new id.
  watch(at, show, { immediate: true, flush: 'sync' })
  const start = (): void => {
    started = true
    follow()
  }
  if (instance) onMounted(start)
  else start()
  onScopeDispose(() => end())
  return value
}
