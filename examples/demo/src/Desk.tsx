/** One person's whole application: inbox, conversation, and the panels that choose the way to the server and spoil it. */
import { ChatProvider } from 'chatloom/react'
import { type ReactElement, useState } from 'react'
import type { Person } from './chats.js'
import { Inbox } from './Inbox.js'
import { LinkPanel } from './LinkPanel.js'
import { NetworkPanel } from './NetworkPanel.js'
import { Talk } from './Talk.js'

/** Where each begins; the others begin in the plan they share. */
const homes: Record<string, string> = { cleo: 'logbook' }

export function Desk({ person }: { readonly person: Person }): ReactElement {
  const [open, setOpen] = useState(homes[person.user] ?? 'launch')
  const [listed, setListed] = useState(false)
  const choose = (id: string): void => {
    setOpen(id)
    setListed(false)
  }
  return (
    <ChatProvider chat={person.chat}>
      <section className="desk" data-user={person.user}>
        <div className={listed ? 'app listed' : 'app'}>
          <Inbox open={open} onOpen={choose} />
          <Talk key={open} id={open} onList={() => setListed(true)} />
        </div>
        <LinkPanel person={person} />
        <NetworkPanel person={person} />
      </section>
    </ChatProvider>
  )
}
