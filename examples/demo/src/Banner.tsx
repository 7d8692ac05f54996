/** Says why nothing is sent at the moment, and when it is tried again. Nothing to say while online. */
import type { Session } from 'chatloom'
import { useChat, useSession } from 'chatloom/react'
import { type ReactElement, useEffect, useState, useSyncExternalStore } from 'react'

export function Banner(): ReactElement | null {
  const session = useSession()
  const { outbox, connect } = useChat()
  const waiting = useSyncExternalStore(outbox.subscribe, outbox.get).filter((entry) => entry.status === 'queued').length
  if (session.phase === 'online' || session.phase === 'idle') return null
  return (
    <div className={`banner ${session.phase}`} role="status">
      <span className="dot" />
      <span>
        {session.phase === 'waiting' ? <Countdown key={session.attempt} session={session} /> : sentence(session)}
        {waiting > 0 && ` ${waiting === 1 ? 'One message is' : `${waiting} messages are`} safe here and will be sent.`}
      </span>
      {session.phase === 'refused' && (
        <button type="button" onClick={connect}>
          Try again
        </button>
      )}
    </div>
  )
}

function sentence(session: Session): string {
  if (session.phase === 'connecting') return session.attempt > 1 ? `Connecting, attempt ${session.attempt}…` : 'Connecting…'
  if (session.phase === 'refused') return `The server refused this user (${session.code}).`
  if (session.phase === 'faulted') return 'Something broke here. Reload the page; nothing queued is lost.'
  return 'Closed.'
}

function Countdown({ session }: { readonly session: Extract<Session, { phase: 'waiting' }> }): ReactElement {
  const [until] = useState(() => performance.now() + session.retryInMs)
  const [leftMs, setLeftMs] = useState(session.retryInMs)
  useEffect(() => {
    const timer = setInterval(() => setLeftMs(Math.max(0, until - performance.now())), 100)
    return () => clearInterval(timer)
  }, [until])
  return <>{`Offline. Next attempt in ${(leftMs / 1000).toFixed(1)} s.`}</>
}
