/**
 * What a server tells: of a follower's conversation each change after the one before it; and held against who was a member when, nothing
 * from behind a removal, nothing from a time that is hidden.
 */
import type { ClientFrame, ServerFrame } from '../../../protocol/frames.js'
import type { Journal } from '../journal.js'
import { isVisible, type LogModel } from './model.js'

/** What one link was told, and asked. */
export interface Following {
  said(frame: ClientFrame): void
  told(frame: ServerFrame): void
}

type Head = Extract<ServerFrame, { type: 'head' }>['heads'][number]

/** A follower hears of every change behind the answer that it has, or of a head for which it has to ask. */
export function following(journal: Journal, who: string): Following {
  const logs = new Map<string, { readonly epoch: string; readonly head: number }>()
  const reached = (conversation: string, epoch: string, seq: number) => {
    const log = logs.get(conversation)
    logs.set(conversation, { epoch, head: log?.epoch === epoch ? Math.max(log.head, seq) : seq })
  }
  /** A head that it has been told of already asks for nothing. */
  const lacks = ({ conversation, epoch, seq }: Head) => {
    const log = logs.get(conversation)
    return log?.epoch !== epoch || log.head < seq
  }
  return {
    said(frame) {
      if (frame.type === 'unfollow') logs.delete(frame.conversation)
    },
    told(frame) {
      if (frame.type === 'left') logs.delete(frame.conversation)
      if (frame.type === 'opened') reached(frame.conversation, frame.epoch, frame.head)
      if (frame.type === 'head') for (const head of frame.heads) if (lacks(head)) logs.delete(head.conversation)
      if (frame.type !== 'change') return
      const { conversation, epoch, seq } = frame
      const log = logs.get(conversation)
      if (!log) return
      if (log.epoch === epoch && seq > log.head + 1)
        journal.broken('no-silent-hole', `${who} in ${conversation} is told of ${seq} after ${log.head}`)
      reached(conversation, epoch, seq)
    },
  }
}

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
    const { change, seq } = frame
    if (seq >= last.left) say(`was removed at ${last.left}, and is told of ${seq}`)
    if (change.kind === 'message' && !isVisible(log, user, change.message.seq, log.changes.length))
      say(`is told of ${change.message.seq} by ${seq}, which is hidden`)
    return
  }
  const head = log.changes.length
  for (const { seq } of frame.rows) if (!isVisible(log, user, seq, head)) return say(`is sent ${seq}, which is hidden`)
}
