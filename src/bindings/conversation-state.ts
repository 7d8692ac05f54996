/**
 * What every binding's `useConversation` shows: the view, who types, the details and the verbs of one conversation as one
 * immutable snapshot, so that the three frameworks have the same names and fields.
 */
import type { Conversation, Details, Readable, View } from '../client/api.js'
import { blankDetails, blankView } from './blank.js'

type Verbs<Content> = Omit<Conversation<Content>, 'timeline' | 'typing' | 'details'>

/** A conversation's view, its verbs and what surrounds them. The same object as long as nothing in it changed. */
export interface ConversationState<Content = unknown> extends View<Content>, Verbs<Content> {
  /** Who is typing now, without oneself. */
  readonly typing: readonly string[]
  readonly details: Details
}

/** A value and what stands for it until the page is alive: on the server, and while its markup is taken over. */
export interface Source<T> extends Readable<T> {
  readonly blank: T
}

const sources = new WeakMap<Conversation, Source<ConversationState>>()

/** One value over the three a conversation has. The same handle gives the same source; neither call nor `get` does I/O. */
export function conversationSource<Content>(handle: Conversation<Content>): Source<ConversationState<Content>> {
  const known = sources.get(handle) as Source<ConversationState<Content>> | undefined
  if (known) return known
  const made = combined(handle)
  sources.set(handle, made)
  return made
}

function combined<Content>(handle: Conversation<Content>): Source<ConversationState<Content>> {
  const { timeline, typing, details, ...verbs } = handle
  const parts = [timeline, typing, details] as const
  const join = (view: View<Content>, who: readonly string[], about: Details): ConversationState<Content> => ({
    ...verbs,
    ...view,
    typing: who,
    details: about,
  })
  let subscribers = 0
  let held: { readonly of: readonly unknown[]; readonly value: ConversationState<Content> } | undefined

  const get = (): ConversationState<Content> => {
    const now = held
    if (now && parts.every((part, i) => part.get() === now.of[i])) return now.value
    const of = [timeline.get(), typing.get(), details.get()] as const
    const value = join(...of)
    held = { of, value }
    return value
  }

  const subscribe = (run: (value: ConversationState<Content>) => void): (() => void) => {
    let told: ConversationState<Content> | undefined
    const tell = (): void => {
      const now = get()
      if (now === told) return
      told = now
      run(now)
    }
    subscribers++
    const ends = parts.map((part) => part.subscribe(tell))
    let ended = false
    return () => {
      if (ended) return
      ended = true
      for (const end of ends) end()
      // A conversation that nobody looks at is the client's to forget; held here it would stay in memory.
      if (--subscribers === 0) held = undefined
    }
  }

  return { get, subscribe, blank: join(blankView, [], blankDetails) }
}
