/** Left, removed, or never there (R27): the rows stay readable, nothing more is asked or sent, entries fail. */
import { withdraw } from './ahead.js'
import { replaced } from './inbox/book.js'
import { fail, leave } from './outbox/outbox.js'
import { unfollowed } from './timeline/catch-up.js'
import { endLoad } from './timeline/history.js'
import { type Draft, report, type Turn } from './turn.js'

export function gone(turn: Turn, c: Draft, why: string): void {
  const { log } = c
  if (log.state === 'gone') return
  endLoad(turn, c, 'conversation-gone')
  log.state = 'gone'
  // At once: it may be let go from memory in this very turn.
  turn.inbox.book = replaced(turn.inbox.book, c.id)
  unfollowed(c)
  strand(turn, c)
  withdraw(turn, c, () => true)
  report(turn, { kind: 'left', conversation: c.id, why })
}

/** Nothing of a conversation that is gone waits to be sent, tried again or adopted later. What was reported `sent` is at the server and stays so. */
export function strand(turn: Turn, c: Draft): void {
  if (c.log.state !== 'gone' || planted.strandedQueued) return
  for (const entry of c.entries) {
    const { arm, handed, voiding } = entry
    if (arm.kind === 'failed' || arm.kind === 'acked') continue
    if (!voiding) fail(turn, c, entry, 'conversation-gone', false)
    // No `void` goes any more: what may have landed is shown when the conversation is back.
    else if (handed) leave(turn, c, entry, false)
  }
}
