/** What is said to the final log and by it: what it settles, and what waits while it is not up. */
import type { LinkFrame } from '../../ports/transport.js'
import type { ClientFrame, Head, MessageRow } from '../../protocol/frames.js'
import type { Ground } from './session.js'
import { keyOf, type Waiting } from './waiting.js'

type Pong = Extract<LinkFrame, { type: 'pong' }>
type Reject = Extract<LinkFrame, { type: 'reject' }>

export interface FinalLog {
  /** Goes through as it is. */
  frame(frame: LinkFrame): void
  /** Notes what is asked of it, for a path that comes up later. */
  ask(frame: ClientFrame): void
  /** What is followed and what is not settled, as `send` takes it. */
  again(send: (frame: ClientFrame) => void): void
}

export function finalLog(ground: Pick<Ground, 'user'>, waiting: Waiting, tell: (frame: LinkFrame) => void): FinalLog {
  /**
   * The last words of each question: of an operation, of a conversation that is followed, of the inbox. The session asks again in the same
   * place, so this has no more than it waits for.
   */
  const questions = new Map<string, ClientFrame>()

  const heads = waiting.heads

  function settle(conversation: string, { author, localId }: Pick<MessageRow, 'author' | 'localId'>) {
    if (!localId) return
    waiting.settle({ conversation, author, localId })
    if (author === ground.user) questions.delete(keyOf({ conversation, localId }))
  }

  /** How far each log was told, by conversation and epoch: also what comes live before it is answered, for nobody asks for that again. */
  const told = new Map<string, number>()

  /** It is told up to `to`, and goes up to `head` where that was said. */
  function reach({ conversation, epoch }: Omit<Head, 'seq'>, to: number, head?: number) {
    const log = conversation + epoch
    if (!((told.get(log) as number) >= to)) told.set(log, to)
    if (head !== undefined) heads.set(conversation, () => (told.get(log) as number) >= head)
  }

  return {
    frame(frame) {
      const { type } = frame
      if (type === 'opened') reach(frame, frame.to, frame.head)
      if (type === 'change') {
        if (frame.change.kind === 'message') settle(frame.conversation, frame.change.message)
        reach(frame, frame.seq)
      } else if ('from' in frame) {
        for (const row of frame.rows) settle(frame.conversation, row)
      } else if ('heads' in frame) {
        for (const head of frame.heads) if (heads.has(head.conversation)) reach(head, 0, head.seq)
      } else if (type === 'left') heads.delete(frame.conversation)
      // It holds it, or never will. What another tab has asked comes by a shared path too, and is not this one's entry.
      else if ((type === 'ack' || (frame as Partial<Reject>).final) && questions.delete(keyOf(frame)))
        waiting.settle({ ...(frame as Reject), author: ground.user as string })
      waiting.judge((frame as Partial<Pong>).n)
      tell(frame)
    },
    ask(frame) {
      const { type } = frame
      // Until it is answered, or for good.
      if (type === 'open' || type === 'unfollow') heads.delete(frame.conversation)
      if (type === 'unfollow') questions.delete(keyOf(frame))
      else if (/^op|inbox/.test(type)) questions.set(keyOf(frame), frame)
    },
    again: (send) => questions.forEach(send),
  }
}
