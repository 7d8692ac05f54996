/** What every binding's `useInbox` shows: the list and its verb as one immutable snapshot. */
import type { Chat, Inbox } from '../client/api.js'
import { blankInbox } from './blank.js'
import type { Source } from './conversation-state.js'
import { select } from './select.js'

/** The list of conversations and the verb that shows more of it. The same object as long as nothing in it changed. */
export interface InboxState<Content = unknown> extends Inbox<Content> {
  /** Shows 100 more items where there are more. */
  readonly loadMore: () => void
}

const sources = new WeakMap<Chat['inbox'], Source<InboxState>>()

/** The same inbox gives the same source; neither call nor `get` does I/O. */
export function inboxSource<Content>(inbox: Chat<Content>['inbox']): Source<InboxState<Content>> {
  const known = sources.get(inbox) as Source<InboxState<Content>> | undefined
  if (known) return known
  const { loadMore } = inbox
  const made = { ...select(inbox, (list) => ({ ...list, loadMore })), blank: { ...blankInbox, loadMore } }
  sources.set(inbox, made)
  return made
}
