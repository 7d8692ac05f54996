/** What is said to the final log and by it: what it settles, and what waits while it is not up. */
import type { LinkFrame } from '../../ports/transport.js'
import type { ClientFrame, MessageRow } from '../../protocol/frames.js'
import type { Waiting } from './waiting.js'

export interface FinalLog {
  /** Goes through as it is. */
  hear(frame: LinkFrame): void
  /** Notes what is asked of it, for a path that comes up later. */
  asked(frame: ClientFrame): void
  /** What is followed and what is not settled, as `send` takes it. */
  repeat(send: (frame: ClientFrame) => void): void
}

export function finalLog(ground: { readonly user: string }, waiting: Waiting, tell: (frame: LinkFrame) => void): FinalLog {
  /** The last words of each question; the session asks again in the same place, so this has no more than it waits for. */
  const questions = new Map<string, ClientFrame>()

  function settle(conversation: string, { author, localId }: Pick<MessageRow, 'author' | 'localId'>) {
    if (localId === undefined) return
    waiting.settle({ conversation, author, localId })
    if (author === ground.user) questions.delete(placeOf({ conversation, localId }))
  }

  return {
    hear(frame) {
      const { type } = frame
      if (type === 'change') {
        if (frame.change.kind === 'message') settle(frame.conversation, frame.change.message)
      } else if (type === 'opened' || type === 'page') {
        for (const row of frame.rows) settle(frame.conversation, row)
        if (type === 'opened' && !frame.more) waiting.caughtUp(frame.conversation)
      } else if (type === 'ack' || (type === 'reject' && frame.final)) {
        const { conversation, localId } = frame
        // Where it has not happened no change will tell.
        if (type === 'ack' && frame.seq !== undefined) questions.delete(placeOf(frame))
        else settle(conversation, { author: ground.user, localId })
      }
      tell(frame)
    },
    asked(frame) {
      const { type } = frame
      if (type === 'unfollow') questions.delete(placeOf(frame))
      else if (/^(open|operation|inbox)$/.test(type)) questions.set(placeOf(frame), frame)
    },
    repeat: (send) => questions.forEach(send),
  }
}

/** Of an operation; without a local id, of a conversation that is followed; without both, of the inbox. */
function placeOf(frame: object): string {
  const { conversation, localId } = frame as { readonly conversation?: string; readonly localId?: string }
  return JSON.stringify([conversation, localId])
}
