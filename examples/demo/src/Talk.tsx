/** One conversation: who is in it, what was said, and the line to say more. */
import { useChat, useConversation } from 'chatloom/react'
import type { ReactElement } from 'react'
import { Banner } from './Banner.js'
import type { Content } from './chats.js'
import { Composer } from './Composer.js'
import { nameOf, titleOf } from './names.js'
import { Timeline } from './Timeline.js'

interface Props {
  readonly id: string
  readonly onList: () => void
}

export function Talk({ id, onList }: Props): ReactElement {
  const { user } = useChat()
  const talk = useConversation<Content>(id)
  const { details, typing, state } = talk
  return (
    <section className="talk">
      <header>
        <button type="button" className="back" onClick={onList} aria-label="All conversations">
          ‹
        </button>
        <div>
          <h2>{titleOf(details.profile, user)}</h2>
          <small>{typing.length > 0 ? <em>{typingLine(typing)}</em> : details.members.map(nameOf).join(', ')}</small>
        </div>
      </header>
      <Banner />
      <Timeline talk={talk} />
      {state === 'gone' ? (
        <p className="gone">This conversation is read-only.</p>
      ) : (
        <Composer send={talk.send} setTyping={talk.setTyping} />
      )}
    </section>
  )
}

const typingLine = (users: readonly string[]): string => `${users.map(nameOf).join(' and ')} ${users.length > 1 ? 'are' : 'is'} typing…`
