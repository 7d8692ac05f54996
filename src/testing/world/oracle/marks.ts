/** Watermarks and unread counts of a tab, held against the truth. */
import type { Inbox } from '../../../client/api.js'
import type { ConversationState } from '../../../core/state.js'
import type { Content } from '../tab.js'
import type { Journal } from '../journal.js'
import { unreadIn } from './model.js'
import type { Line, Truth } from './truth.js'

/** Watermarks as a tab had them, and on which line. */
export interface HeldMarks {
  readonly line: Line | undefined
  readonly marks: ReadonlyMap<string, { readonly delivered: number; readonly read: number }>
  /** Of the mark of unread. */
  readonly rev: number
  readonly resets: number
}

export interface MarksHeld {
  readonly who: string
  readonly user: string
  readonly conversation: Pick<ConversationState, 'id' | 'log' | 'receipts'>
  readonly inbox: Inbox<Content>
  /** So often its line went back, as the server said. */
  readonly resets: number
}

export function checkMarks(journal: Journal, truth: Truth, held: MarksHeld, before: HeldMarks | undefined): HeldMarks {
  const { who, user, conversation, inbox, resets } = held
  const { id: room, log, receipts } = conversation
  const { marks } = receipts
  const line = log.epoch === '' ? undefined : truth.lineOf(room, log)
  const say = (what: string, invariant: 'marks-rise' | 'unread-recount' = 'marks-rise') =>
    journal.broken(invariant, `${who} in ${room}: ${what}`)
  const { rev } = receipts.marked
  const now = { line, marks, rev, resets }
  if (!line) return now
  // A head may stand on both lines of an epoch: a tab that went on along the old one, and back, begins with the watermarks of the new one.
  const last = before?.line === line && before.resets === resets ? before : undefined
  // The same ones hold still: what they may be at most only rises.
  for (const [member, { delivered, read }] of last?.marks === marks ? [] : marks) {
    const most = truth.highest(room, log.epoch, member)
    const was = last?.marks.get(member)
    if (delivered > most.delivered || read > most.read)
      say(`holds ${delivered}/${read} of ${member}, whose highest was ${most.delivered}/${most.read}`)
    if (was && (delivered < was.delivered || read < was.read))
      say(`lowered ${member} from ${was.delivered}/${was.read} to ${delivered}/${read}`)
    if (read > delivered) say(`${member} has read ${read} of ${delivered} delivered`)
  }
  if (last && rev < last.rev) say(`lowered the mark from ${last.rev} to ${rev}`)
  const read = ownReadOf(receipts, log.epoch, user)
  const item = inbox.items.find((each) => each.conversation === room)
  // Where the log is not followed, the item is the server's summary, which may be newer.
  const counted = log.state === 'ready' && log.liveOn !== 0 && log.tail.from <= read
  const unread = item && counted ? unreadIn(line, user, read, log.head) : 0
  if (item && counted && item.unread !== Math.min(unread, 100)) say(`shows ${item.unread} unread, but ${unread} are`, 'unread-recount')
  return now
}

/** What counts as read: never what is marked unread again from `at` on. */
export function readBelow(read: number, at: number): number {
  return at > 0 && at <= read ? at - 1 : read
}

/** Up to where this user has read, what is not told yet with it. */
export function ownReadOf({ marks, marked, pending }: ConversationState['receipts'], epoch: string, user: string): number {
  const own = pending?.epoch === epoch ? pending : undefined
  const set = (own?.marked?.rev ?? 0) > marked.rev ? own?.marked : marked
  return readBelow(Math.max(marks.get(user)?.read ?? 0, own?.read ?? 0), set?.at ?? 0)
}
