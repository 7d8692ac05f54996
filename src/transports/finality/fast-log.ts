/** What is taken from the fast path: its messages, ahead of the final log, and what is of the moment. Its places and answers mean nothing. */
import type { LinkFrame } from '../../ports/transport.js'
import type { ChangeFrame, MessageRow, Welcome } from '../../protocol/frames.js'
import { keyOf, type Memory, type Waiting } from './waiting.js'

export interface FastLog {
  welcome(welcome: Welcome): void
  frame(frame: LinkFrame, isFinalUp: boolean): void
}

export function fastLog({ withdrawMs, clock, waiting: held }: Memory, waiting: Waiting, tell: (frame: LinkFrame) => void): FastLog {
  /** So long after its time by the clock of the fast path a message may still be on its way, by `clock`. */
  let keptMs = 0

  function message(conversation: string, { author, localId, content, at, rev, seq, deleted }: MessageRow) {
    if (!localId) return
    const name = { conversation, author, localId }
    // One that has waited and is settled, or never waited, is not its to change.
    if (rev !== seq && !held.has(keyOf(name))) return
    if (deleted) waiting.withdraw(name)
    else waiting.show({ type: 'provisional', ...name, content: planted.fastMixed ? localId : content, at })
  }

  return {
    welcome({ time }) {
      keptMs = withdrawMs - time + clock.now()
    },
    frame(frame, isFinalUp) {
      const { type } = frame
      const { people } = frame as Partial<ChangeFrame>
      if (people) tell({ type: 'people', people })
      if (type === 'opened') {
        // Of its newest page only what the final log may not have had time for.
        for (const row of frame.rows) if (clock.now() < row.at + keptMs) message(frame.conversation, row)
      } else if (type === 'provisional') waiting.show(frame)
      else if (type === 'withdrawn') waiting.withdraw(frame)
      else if (type === 'typing' || (planted.fastAckTaken && type === 'ack')) tell(frame)
      else if (type === 'pong' && !isFinalUp) tell({ ...frame, heads: [] })
      else if (type === 'change' && frame.change.kind === 'message') message(frame.conversation, frame.change.message)
    },
  }
}
