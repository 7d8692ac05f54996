/** One message. */
import type { Message } from 'chatloom'
import type { ConversationState } from 'chatloom/react'
import { memo, type CSSProperties, type ReactElement } from 'react'
import { Avatar } from './Avatar.js'
import type { Content } from './chats.js'
import { hueOf, nameOf, timeOf } from './names.js'
import { Ticks } from './Ticks.js'

interface Props extends Pick<ConversationState<Content>, 'retry' | 'discard'> {
  readonly message: Message<Content>
  /** The first of several by one author. */
  readonly head: boolean
}

export const Bubble = memo(function Bubble({ message, head, retry, discard }: Props): ReactElement {
  const { author, mine, status, localId } = message
  const kind = ['message', mine ? 'mine' : 'theirs', head ? 'head' : '', status].join(' ')
  return (
    <div className={kind} data-key={message.key} style={{ '--hue': hueOf(author) } as CSSProperties}>
      {!mine && (head ? <Avatar user={author} /> : <span className="avatar none" />)}
      <div className="bubble">
        {head && !mine && <strong>{nameOf(author)}</strong>}
        <span className="text">{textOf(message)}</span>
        <span className="meta">
          <time>{timeOf(message.at)}</time>
          {mine && <Ticks status={status} />}
        </span>
      </div>
      {status === 'failed' && localId !== undefined && (
        <p className="failed">
          <span>{message.error?.message ?? 'Not sent.'}</span>
          <button type="button" onClick={() => retry(localId)}>
            Retry
          </button>
          <button type="button" onClick={() => discard(localId)}>
            Discard
          </button>
        </p>
      )}
    </div>
  )
})

function textOf({ content, deleted }: Message<Content>): string {
  if (deleted) return 'Taken back.'
  return content?.text ?? 'A message this page cannot show.'
}
