/**
 * A timeline's view from the state: confirmed rows and pending operations (R18, R19). Messages keep their object while
 * nothing of them changed, and a new row costs one new message, however many are shown.
 */
import type { ReceiptSource } from '../core/inbox/inbox-state.js'
import type { Entry } from '../core/outbox/entry.js'
import { isNews, ownRead } from '../core/receipts.js'
import type { ConversationState, Provisional, Window } from '../core/state.js'
import { shown } from '../core/timeline/history.js'
import { appended, lowerBound } from '../core/timeline/window.js'
import type { MessageRow } from '../protocol/frames.js'
import type { Message, View } from './api.js'
import { chatError } from '../ports/errors.js'
import { keyOf, levelsOf, type Messages, noLevels, statusAt } from './messages.js'
import { once, remembered, steady } from './remembered.js'

export const loadingView: View<never> = { messages: [], gaps: [], hasOlder: false, hasNewer: false, atLatest: true, state: 'loading' }

const goneError = chatError('conversation-gone', 'conversation')

/** Makes views of one conversation, remembering the last. `live`: it is followed on the present link. */
export function viewMaker<C>(user: string, { confirmed, pending, ahead }: Messages<C>): (of: ConversationState, live: boolean) => View<C> {
  const confirmedOf = confirmedMaker(user, confirmed)
  const pendingOf = once(pending)
  const aheadOf = once(ahead)
  const gapsBetween = remembered((to: number, from: number) => (to < from ? [{ from: to + 1, to: from }] : []))
  const shownOf = steady((conversation: ConversationState, window: Window) =>
    withPending(confirmedOf(conversation, window), conversation, window, (each) => ('arm' in each ? pendingOf(each) : aheadOf(each))),
  )
  return remembered(
    steady((conversation, live) => {
      const { state, view, tail, epoch, floor } = conversation.log
      const window = shown(conversation.log)
      const gone = state === 'gone'
      return {
        messages: shownOf(conversation, window),
        gaps: view && !planted.gapsHidden ? gapsBetween(view.to, tail.from) : loadingView.gaps,
        hasOlder: !!epoch && window.from > floor,
        hasNewer: !!view,
        atLatest: !view,
        firstUnread: planted.firstUnreadLost ? undefined : firstUnreadKey(conversation, window, user),
        state: gone ? state : !epoch ? 'loading' : live ? 'ready' : 'stale',
        error: gone ? goneError : undefined,
      }
    }),
  )
}

/** Rows appended cost themselves alone; otherwise every row is looked at, and what it was made before is kept. */
function confirmedMaker<C>(user: string, confirmed: Messages<C>['confirmed']) {
  const levelsNow = remembered((members: ReceiptSource['members'], memberCount: number, marks: ReceiptSource['marks']) =>
    levelsOf({ members, memberCount, marks }, user),
  )
  let was: Pick<Window, 'rows' | 'stem'> = { rows: [], stem: [] }
  let levels = noLevels
  let messages: readonly Message<C>[] = []
  return ({ log, receipts }: ConversationState, window: Window) => {
    const { rows } = window
    const before = was.rows
    const now = levelsNow(log.members, log.memberCount, receipts.marks)
    if (rows === before && now === levels) return messages
    const last = before.length - 1
    const same = window.stem === was.stem && now === levels && rows[last] === before[last] ? before.length : 0
    const added: Message<C>[] = []
    for (let i = same, at = same; i < rows.length; i++) {
      const row = rows[i] as MessageRow
      while ((before[at]?.seq as number) < row.seq) at++
      const made = before[at] === row && messages[at]
      added.push(made && (!made.mine || made.status === statusAt(now, row.seq)) ? made : confirmed(row, now))
    }
    was = window
    levels = now
    messages = same ? appended(messages, added) : added
    return messages
  }
}

/** What is not in the log stands at the end of the run that reaches the head; a failed one stays where it failed. */
function withPending<C>(
  confirmed: readonly Message<C>[],
  { entries, log, ahead }: ConversationState,
  { from, to }: Window,
  shownAs: (each: Entry | Provisional) => Message<C>,
): readonly Message<C>[] {
  if (entries.length + ahead.length === 0) return confirmed
  const shown = entries.filter(({ voiding }) => !voiding)
  const messages = confirmed.concat(log.view ? [] : byArrival(shown, ahead).map(shownAs))
  if (planted.pendingInFront) messages.unshift(...messages.splice(confirmed.length))
  // The last one first: of those with one place each comes before what was sent after it.
  for (const entry of shown.reverse()) {
    // Only one that has failed has such a place.
    const { behind = -1 } = entry.arm as { readonly behind?: number }
    if (behind < from || (log.view && behind >= to)) continue
    messages.splice(messages.findLastIndex(({ seq }) => (seq as number) <= behind) + 1, 0, shownAs(entry))
  }
  return messages
}

/** Own entries keep their order, and so do the others; where both meet, what came first stands first. */
function byArrival(entries: readonly Entry[], ahead: readonly Provisional[]): readonly (Entry | Provisional)[] {
  const left = [...ahead]
  const before = (ms: number) => left.splice(0, left.findLastIndex(({ arrivedMs }) => arrivedMs <= ms) + 1)
  const waiting = entries.filter(({ arm }) => arm.kind !== 'failed')
  return [...(planted.pendingReversed ? waiting.reverse() : waiting).flatMap((entry) => [...before(entry.madeMs), entry]), ...left]
}

function firstUnreadKey(conversation: ConversationState, { rows, from }: Window, user: string): string | undefined {
  const read = ownRead(conversation, user)
  if (read < from || read >= conversation.log.head) return undefined
  const row = rows.slice(lowerBound(rows, read + 1)).find((each) => isNews(each, user))
  return row && keyOf(row, user)
}
