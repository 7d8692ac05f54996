/** How this person reaches the server: the mode, the links that stand there, and the tab that holds them. */
import { useSession } from 'chatloom/react'
import { type ReactElement, useEffect, useState, useSyncExternalStore } from 'react'
import { type Mode, modes } from '../ways.js'
import type { Person } from './chats.js'
import type { Links } from './door.js'
import { nameOf } from './names.js'

const labels: Record<Mode, readonly [string, string]> = {
  automatic: ['Automatic', 'Sockets, and server-sent events where they do not pass'],
  socket: ['Socket', 'WebSocket alone'],
  sse: ['SSE', 'Server-sent events and POSTs alone'],
}

export function LinkPanel({ person }: { readonly person: Person }): ReactElement {
  const { user, ways, door } = person
  const mode = useSyncExternalStore(ways.mode.subscribe, ways.mode.get)
  const holds = useSyncExternalStore(ways.holds.subscribe, ways.holds.get)
  const links = useSyncExternalStore(door.links.subscribe, door.links.get)
  const transport = useSession((session) => (session.phase === 'online' ? session.transport : undefined))
  const tab = useTab(person)
  return (
    <section className="ways" aria-label={`${nameOf(user)}’s link`}>
      <fieldset className="modes" aria-label="Mode">
        {modes.map((each) => (
          <button type="button" key={each} title={labels[each][1]} aria-pressed={each === mode} onClick={() => ways.setMode(each)}>
            {labels[each][0]}
          </button>
        ))}
      </fieldset>
      <span
        className={holds ? 'tab holds' : 'tab'}
        title={holds ? 'The other tabs send and hear through this one' : 'Another tab carries its frames'}
      >
        Tab {tab ?? '…'}
        <b>{holds ? 'holds the link' : 'shares a link'}</b>
        {transport && <code title="session.transport">{transport}</code>}
      </span>
      <output>{links ? sentence(links) : 'The server is away'}</output>
      <a href={`?user=${user}`} target="_blank" rel="noreferrer">
        Another tab of {nameOf(user)} ↗
      </a>
    </section>
  )
}

function useTab({ tab }: Person): number | undefined {
  const [number, setNumber] = useState<number>()
  useEffect(() => void tab.then(setNumber), [tab])
  return number
}

const wayNames = { socket: 'socket', sse: 'SSE' }

function sentence({ links, total }: Links): string {
  const own = links.map(({ way, tab }) => `${wayNames[way]} of tab ${tab}`).join(', ')
  return `Server: ${links.length} ${links.length === 1 ? 'link' : 'links'}${own && ` (${own})`} · ${total} in all`
}
