/** The list of conversations, newest first, with what came last and what was not read. */
import type { InboxItem } from 'chatloom'
import { useChat, useInbox, useSession } from 'chatloom/react'
import { memo, type ReactElement } from 'react'
import { Avatar } from './Avatar.js'
import type { Content } from './chats.js'
import { membersOf, nameOf, timeOf, titleOf } from './names.js'
import { Ticks } from './Ticks.js'

interface Props {
  readonly open: string
  readonly onOpen: (id: string) => void
}

export function Inbox({ open, onOpen }: Props): ReactElement {
  const { user } = useChat()
  const { items, unread, unreadMore } = useInbox<Content>()
  const phase = useSession((session) => session.phase)
  return (
    <aside className="inbox">
      <header>
        <Avatar user={user} />
        <div>
          <strong>{nameOf(user)}</strong>
          <small className={`phase ${phase}`}>{phase}</small>
        </div>
        {unread > 0 && <Badge count={unread} more={unreadMore} />}
      </header>
      <ul>
        {items.map((item) => (
          <Row key={item.conversation} item={item} me={user} current={item.conversation === open} onOpen={onOpen} />
        ))}
      </ul>
    </aside>
  )
}

interface RowProps {
  readonly item: InboxItem<Content>
  readonly me: string
  readonly current: boolean
  readonly onOpen: (id: string) => void
}

const Row = memo(function Row({ item, me, current, onOpen }: RowProps): ReactElement {
  const { last, profile, unread, unreadMore } = item
  const group = typeof profile.title === 'string'
  const other = membersOf(profile).find((user) => user !== me) ?? item.conversation
  return (
    <li>
      <button type="button" className={current ? 'row current' : 'row'} onClick={() => onOpen(item.conversation)}>
        <Avatar user={other} group={group} />
        <span className="about">
          <span className="title">{titleOf(profile, me)}</span>
          {last && <time>{timeOf(last.at)}</time>}
          <span className="last">
            {last?.mine && last.id === undefined && <Ticks status={last.status} />}
            {last?.mine ? 'You: ' : group && last && `${nameOf(last.author)}: `}
            {last?.content?.text ?? 'Nothing yet'}
          </span>
          {unread > 0 && <Badge count={unread} more={unreadMore} />}
        </span>
      </button>
    </li>
  )
})

function Badge({ count, more }: { readonly count: number; readonly more: boolean }): ReactElement {
  return (
    <span className="badge" title={`${count}${more ? ' or more' : ''} unread`}>
      {more ? '100+' : count}
    </span>
  )
}
