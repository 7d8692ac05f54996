/** Spoils this person's network while one looks on. */
import { type ReactElement, useSyncExternalStore } from 'react'
import { nameOf } from './names.js'
import type { Person } from './chats.js'
import type { Sockets } from './door.js'
import { goodNetwork, type Network } from '../network.js'

type Switch = Exclude<keyof Network, 'latencyMs'>

const switches: readonly (readonly [Switch, string, string])[] = [
  ['offline', 'Offline', 'Close the link and refuse to open another'],
  ['dropAcks', 'Drop acks', 'Swallow every acknowledgement of the server'],
  ['duplicate', 'Duplicate', 'Deliver every frame twice, both ways'],
  ['reorder', 'Reorder', 'Hold back two frames in five, both ways'],
  ['reject', 'Reject sends', 'Answer every send with a final rejection'],
]

const latencies = [0, 300, 1000, 3000]

export function NetworkPanel({ person }: { readonly person: Person }): ReactElement {
  const { controls, chat, door } = person
  const network = useSyncExternalStore(controls.network.subscribe, controls.network.get)
  const harm = useSyncExternalStore(controls.harm.subscribe, controls.harm.get)
  const outbox = useSyncExternalStore(chat.outbox.subscribe, chat.outbox.get)
  const storage = useSyncExternalStore(chat.storage.subscribe, chat.storage.get)
  const links = useSyncExternalStore(door.links.subscribe, door.links.get)
  const sockets = links?.sockets ?? 'pass'
  const heal = (): void => {
    controls.set(goodNetwork)
    if (sockets !== 'pass') void door.setSockets('pass')
  }
  const spoilt = sockets !== 'pass' || (Object.keys(goodNetwork) as (keyof Network)[]).some((key) => network[key] !== goodNetwork[key])
  return (
    <fieldset className="network">
      <legend>{nameOf(person.user)}’s network</legend>
      {switches.map(([key, label, title]) => (
        <button
          type="button"
          key={key}
          title={title}
          className="toggle"
          aria-pressed={network[key]}
          onClick={() => controls.set({ [key]: !network[key] })}
        >
          {label}
        </button>
      ))}
      <label className="choice">
        Latency
        <select value={network.latencyMs} onChange={(event) => controls.set({ latencyMs: Number(event.target.value) })}>
          {latencies.map((ms) => (
            <option key={ms} value={ms}>
              {ms === 0 ? 'none' : `${ms} ms`}
            </option>
          ))}
        </select>
      </label>
      <label className={sockets === 'pass' ? 'choice' : 'choice harmed'}>
        Sockets
        <select
          value={sockets}
          onChange={(event) => void door.setSockets(event.target.value as Sockets)}
          title="What the server does with this user's WebSockets"
        >
          <option value="pass">pass</option>
          <option value="refused">refused</option>
          <option value="silent">silent</option>
        </select>
      </label>
      <button type="button" className="kill" title="The server destroys this user's links" onClick={() => void door.kill()}>
        {links ? 'Kill connection' : 'Server is away'}
      </button>
      {spoilt && (
        <button type="button" className="heal" onClick={heal}>
          Heal
        </button>
      )}
      <output>
        {harm.frames} frames · {harm.dropped} dropped · {harm.duplicated} doubled · {harm.reordered} late · outbox {outbox.length} ·{' '}
        {storage.kind === 'disk' ? 'on disk' : `in memory${storage.reason ? ` (${storage.reason})` : ''}`}
      </output>
    </fieldset>
  )
}
