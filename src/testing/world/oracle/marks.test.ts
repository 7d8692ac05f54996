/** Whether the watermarks that a tab holds may be lower than before. */
import { expect, it } from 'vitest'
import { coldLog } from '../../../core/conversations.js'
import { noReceipts } from '../../../core/receipts.js'
import { journal } from '../journal.js'
import { checkMarks, type HeldMarks, type MarksHeld } from './marks.js'
import { truthOf } from './truth.js'

const room = 'c'
const told = (delivered: number) => ({ user: 'ann', active: true, delivered, read: 0, marked: { at: 0, rev: 0 } })

/** What a tab holds of ann, at which head, and how often it was told that its line went back. */
type Look = readonly [head: number, delivered: number, resets: number]

/** What the oracle says of these looks at one tab. Ann was at 5 of 5; a backup in which she was at 2 of 4 was restored under the same epoch. */
function breachOf(looks: readonly Look[]) {
  const said = journal(false)
  const truth = truthOf(said, () => undefined)
  truth.conversation({ conversation: room, epoch: 'e', head: 0, history: 'full' })
  for (let seq = 1; seq <= 5; seq++) truth.change(room, { seq, tag: `t${seq}`, message: 0 })
  truth.seat(room, told(5))
  truth.restored({ conversation: room, epoch: 'e', head: 4, history: 'full' }, [told(2)], false)
  let before: HeldMarks | undefined
  for (const [head, delivered, resets] of looks) {
    const log = { ...coldLog, state: 'ready', epoch: 'e', head, tag: `t${head}` } as const
    const receipts = { ...noReceipts, marks: new Map([['ann', { delivered, read: 0 }]]) }
    const inbox: MarksHeld['inbox'] = { state: 'ready', items: [], hasMore: false, unread: 0, unreadMore: false }
    before = checkMarks(said, truth, { who: 'bob01', user: 'bob', conversation: { id: room, log, receipts }, inbox, resets }, before)
  }
  return said.breach()?.invariant
}

it.each<[string, looks: readonly Look[], breach?: string]>([
  [
    'lower on one line',
    [
      [4, 5, 0],
      [4, 2, 0],
    ],
    'marks-rise',
  ],
  [
    'lower on the line that its head is on too, once it was told that it went back',
    [
      [4, 5, 0],
      [4, 2, 1],
    ],
  ],
  [
    'lower again after that',
    [
      [4, 5, 0],
      [4, 2, 1],
      [4, 1, 1],
    ],
    'marks-rise',
  ],
  [
    'lower on the other line',
    [
      [5, 5, 0],
      [4, 2, 0],
    ],
  ],
  ['more than ever were', [[4, 6, 0]], 'marks-rise'],
])('watermarks that are %s', (_, looks, breach) => {
  expect(breachOf(looks)).toBe(breach)
})
