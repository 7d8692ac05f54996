/** What a server tells a user, held against who was a member when: nothing from behind a removal, nothing from a time that is hidden. */
import type { ServerFrame } from '../../../protocol/frames.js'
import type { Journal } from '../journal.js'
import { isVisible, type LogModel } from './model.js'

export function checkTold(
  journal: Journal,
  now: (conversation: string) => (LogModel & { readonly epoch: string; readonly isSwapped: boolean }) | undefined,
  user: string,
  frame: ServerFrame,
): void {
  if (frame.type !== 'change' && frame.type !== 'opened' && frame.type !== 'page') return
  const { conversation, epoch } = frame
  const log = now(conversation)
  // An answer of before a restored backup speaks of what is no more.
  if (!log || log.epoch !== epoch || log.isSwapped) return
  const stints = log.stints.get(user) ?? []
  const say = (what: string) => journal.broken('nothing-after-removal', `${user} in ${conversation} ${what}`)
  const last = stints.at(-1)
  if (!last) return say(`was never a member, and is sent a ${frame.type}`)
  if (frame.type === 'change') {
    if (frame.seq >= last.left) say(`was removed at ${last.left}, and is told of ${frame.seq}`)
    return
  }
  const head = log.changes.length
  for (const { seq } of frame.rows) if (!isVisible(log, user, seq, head)) return say(`is sent ${seq}, which is hidden`)
}
