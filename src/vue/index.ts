/**
 * Vue 3.4 and later. Every composable returns a `shallowRef` of an immutable snapshot; it subscribes when the component is
 * mounted, never on a server, and ends with its scope. None connects; the application calls `chat.connect()`.
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
  toValue,
  watch,
} from 'vue'
import { type ConversationState, conversationSource } from '../bindings/conversation-state.js'
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
  return useReadable(() => select(conversationSource(chat.conversation(toValue(id))), selector, isEqual))
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
  return useReadable(() => select(inboxSource(inbox), selector, isEqual))
}

/** The state of the connection, or what `selector` picks of it. */
export function useSession(): Readonly<ShallowRef<Session>>
export function useSession<Selected>(selector: Selector<Session, Selected>, isEqual?: IsEqual<Selected>): Readonly<ShallowRef<Selected>>
export function useSession<Selected>(
  selector: Selector<Session, Selected> = whole,
  isEqual?: IsEqual<Selected>,
): Readonly<ShallowRef<Selected>> {
  const { session } = useChat()
  return useReadable(() => select(session, selector, isEqual))
}

function useReadable<T>(at: () => Readable<T>): Readonly<ShallowRef<T>> {
  const value = shallowRef() as ShallowRef<T>
  let end = (): void => {}
  let started = false
  let source: Readable<T>
  const follow = (): void => {
    end()
    end = source.subscribe((next) => {
      value.value = next
    })
  }
  const show = (next: Readable<T>): void => {
    source = next
    if (started) follow()
    else value.value = source.get()
  }
  // At once: a render between the change and the switch would show the conversation before under the new id.
  watch(at, show, { immediate: true, flush: 'sync' })
  const start = (): void => {
    started = true
    follow()
  }
  if (getCurrentInstance()) onMounted(start)
  else start()
  onScopeDispose(() => end())
  return value
}
