/** How far an own message has come, as a small sign. */
import type { MessageStatus } from 'chatloom'
import type { ReactElement } from 'react'

const words: Record<MessageStatus, string> = {
  saving: 'Being written to this device',
  queued: 'Safe on this device, waits for the connection',
  sending: 'On its way',
  failed: 'Not sent',
  sent: 'On the server',
  delivered: 'Delivered to everyone',
  read: 'Read by everyone',
}

const single = <path d="M3.5 8.6l3 3 6-7" />
const double = (
  <>
    <path d="M1 8.6l3 3 6-7" />
    <path d="M7.4 10.9l.8.7 6-7" />
  </>
)
const clock = (
  <>
    <circle cx="8" cy="8" r="5.6" />
    <path d="M8 4.8V8l2.2 1.4" />
  </>
)

const signs: Record<MessageStatus, ReactElement> = {
  saving: <circle cx="8" cy="8" r="5.6" strokeDasharray="2.6 2.6" />,
  queued: clock,
  sending: <path d="M8 13V3.4M4 7.2l4-4 4 4" />,
  failed: <path d="M8 3.2v6M8 12.4v.2" />,
  sent: single,
  delivered: double,
  read: double,
}

export function Ticks({ status }: { readonly status: MessageStatus }): ReactElement {
  return (
    <svg className={`ticks ${status}`} viewBox="0 0 16 16" role="img" aria-label={words[status]} data-status={status}>
      <title>{words[status]}</title>
      {signs[status]}
    </svg>
  )
}
