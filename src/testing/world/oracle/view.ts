/** What a view says of itself: where it ends, what is missing between, and where the unread begins (R19). */
import type { InvariantName } from '../invariants.js'
import { ownReadOf } from './marks.js'
import type { Say, Shown } from './seen.js'

export function checkSaid({ view, at, receipts, user }: Shown, say: Say): void {
  const { from } = at.view ?? at.tail
  const expect = (name: string, is: unknown, due: unknown, invariant: InvariantName = 'view-says') => {
    if (is !== due && JSON.stringify(is) !== JSON.stringify(due))
      say(invariant, `${name} is ${JSON.stringify(is)}, not ${JSON.stringify(due)}`)
  }
  expect('atLatest', view.atLatest, at.view === null)
  expect('hasNewer', view.hasNewer, at.view !== null)
  expect('hasOlder', view.hasOlder, at.epoch !== '' && from > at.floor)
  const isApart = at.view !== null && at.view.to < at.tail.from
  expect('gaps', view.gaps, isApart ? [{ from: (at.view?.to ?? 0) + 1, to: at.tail.from }] : [])
  const read = ownReadOf(receipts, at.epoch, user)
  const isHeld = read >= from && read < at.head
  const unread = isHeld ? view.messages.find(({ seq = 0, mine, deleted }) => seq > read && !mine && !deleted) : undefined
  expect('firstUnread', view.firstUnread, unread?.key, 'unread-recount')
}
