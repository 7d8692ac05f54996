/** What is said to the final log and by it: what it settles, and what waits while it is not up. */
import type { LinkFrame } from '../../ports/transport.js'
import type { ClientFrame } from '../../protocol/frames.js'
import type { Path } from './path.js'
import { type Memory, type Name, nameOf, type Waiting } from './waiting.js'

export interface Final {
  hear(frame: LinkFrame): void
  send(frame: ClientFrame, path: Path): void
  /** What was asked before it was up. */
  whenUp(): readonly ClientFrame[]
  /** What a fast path that comes now has not heard: what is followed, and operations that are not settled. */
  forFast(): readonly ClientFrame[]
}

export interface FinalLogParts {
  readonly memory: Memory
  readonly waiting: Waiting
  readonly tell: (frame: LinkFrame) => void
  readonly opening: (conversation: string) => ClientFrame
}

export function finalLog({ memory: { user, heard }, waiting, tell, opening }: FinalLogParts): Final {
  const follows = new Set<string>()
  /** Asked and not answered; the session asks again in the same words, so this has no more than it waits for. */
  const questions = new Map<string, ClientFrame>()
  const operations = new Map<string, ClientFrame & { type: 'operation' }>()

  function settle(name: Name) {
    waiting.settle(name)
    if (name.author === user) operations.delete(nameOf(name))
  }

  /** It has not happened, and no change will tell. */
  function isOver(frame: LinkFrame): frame is LinkFrame & { type: 'ack' | 'reject' } {
    return (frame.type === 'reject' && frame.final) || (frame.type === 'ack' && frame.seq === undefined)
  }

  function keep(frame: ClientFrame) {
    if (frame.type === 'open') questions.set(frame.conversation, frame)
    else if (frame.type === 'inbox') questions.set('', frame)
    else if (frame.type === 'history') {
      const { request } = frame
      queueMicrotask(() => tell({ type: 'failed', request, code: 'unavailable' }))
    }
  }

  return {
    hear(frame) {
      if (isOver(frame)) settle({ conversation: frame.conversation, author: user, localId: frame.localId })
      else if (frame.type === 'ack') operations.delete(nameOf({ ...frame, author: user }))
      else if (frame.type === 'change' && frame.change.kind === 'message')
        settle({ ...frame.change.message, conversation: frame.conversation })
      else if (frame.type === 'opened' || frame.type === 'page') {
        const { conversation, rows } = frame
        for (const row of rows) settle({ ...row, conversation })
        if (frame.type === 'opened' && !frame.more) waiting.caughtUp(conversation)
      }
    },
    send(frame, path) {
      if (frame.type === 'operation') operations.set(nameOf({ ...frame, author: user }), frame)
      else if (frame.type === 'open') follows.add(frame.conversation)
      else if (frame.type === 'unfollow') for (const each of [follows, heard, questions]) each.delete(frame.conversation)
      if (path.isUp()) path.send(frame)
      else keep(frame)
    },
    whenUp() {
      const asked = [...questions.values(), ...operations.values()]
      questions.clear()
      return asked
    },
    forFast: () => [...Array.from(follows, opening), ...Array.from(operations.values(), (frame) => ({ ...frame, after: undefined }))],
  }
}
