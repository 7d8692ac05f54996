/** What is taken from the fast path: its messages, ahead of the final log, and what is of the moment. Its places and answers mean nothing. */
import type { LinkFrame } from '../../ports/transport.js'
import type { ClientFrame, MessageRow, Opened, Welcome } from '../../protocol/frames.js'
import type { Memory, Waiting } from './waiting.js'

export interface FastLog {
  welcomed(welcome: Welcome): void
  hear(frame: LinkFrame): void
  /** The question by which a conversation is followed there. */
  opening(conversation: string): ClientFrame
}

export interface FastLogParts {
  readonly memory: Memory
  readonly waiting: Waiting
  /** On the fast path, what is older than this has had its time. */
  readonly withdrawMs: number
  readonly now: () => number
  readonly tell: (frame: LinkFrame) => void
}

export function fastLog({ memory: { heard }, waiting, withdrawMs, now, tell }: FastLogParts): FastLog {
  /** Milliseconds since 1970 by the clock of the fast path, less those of `now`. */
  let skewMs = 0
  let requests = 0

  function message(conversation: string, { author, localId, content, at, rev, seq, deleted }: MessageRow) {
    if (localId === undefined) return
    const name = { conversation, author, localId }
    if (rev !== seq && !waiting.has(name)) return
    if (deleted) waiting.withdraw(name)
    else waiting.show({ type: 'provisional', ...name, content, at })
  }

  /** What came since it was last asked; without that, of its newest page what the final log may not have had time for. */
  function opened({ conversation, epoch, to: seq, tag, rows, reset, more, people }: Opened) {
    const isAll = reset === undefined && !more
    tell({ type: 'people', people })
    for (const row of rows) if (isAll || now() + skewMs - row.at < withdrawMs) message(conversation, row)
    if (more) heard.delete(conversation)
    else heard.set(conversation, { epoch, seq, tag })
  }

  return {
    welcomed({ time }) {
      skewMs = time - now()
    },
    hear(frame) {
      if (frame.type === 'opened') opened(frame)
      else if (frame.type === 'provisional') waiting.show(frame)
      else if (frame.type === 'withdrawn') waiting.withdraw(frame)
      else if (frame.type === 'typing') tell(frame)
      else if (frame.type === 'change') {
        const { conversation, epoch, seq, tag, change, people } = frame
        heard.set(conversation, { epoch, seq, tag })
        if (people) tell({ type: 'people', people })
        if (change.kind === 'message') message(conversation, change.message)
      }
    },
    opening(conversation) {
      requests += 1
      return { type: 'open', request: requests, conversation, position: heard.get(conversation) }
    },
  }
}
