/** The ways a user's tabs reach the server, and which of them the user wants. One tab holds the link for all of them. */
import type { Link, LinkEvents, Readable, Transport } from 'chatloom'
import { fallback } from 'chatloom/fallback'
import { shared } from 'chatloom/shared'
import { sseTransport } from 'chatloom/sse'
import { webSocketTransport } from 'chatloom/websocket'
import { type Value, value } from './value.js'

export const modes = ['automatic', 'socket', 'sse'] as const
export type Mode = (typeof modes)[number]

export interface Ways {
  readonly transport: Transport
  readonly mode: Readable<Mode>
  /** For all tabs of this user. */
  setMode(mode: Mode): void
  /** Whether this tab holds the link. */
  readonly holds: Readable<boolean>
}

export function createWays(user: string, tab: Promise<number>): Ways {
  const key = `chatloom-demo.mode.${user}`
  const mode = value(asMode(localStorage.getItem(key)))
  const holds = value(false)
  window.addEventListener('storage', (event) => event.key === key && mode.set(asMode(event.newValue)))
  // The server knows each link by the address it was opened with, and can end it for good.
  const address = async (path: string) => {
    const parts = new URLSearchParams({ user, tab: `${await tab}`, link: crypto.randomUUID() })
    return `${path}?${parts}`
  }
  const socketOrigin = location.origin.replace(/^http/, 'ws')
  const socket = webSocketTransport({ url: () => address(`${socketOrigin}/ws`), token: user })
  const sse = sseTransport({ url: () => address('/chat'), token: user })
  const transports: Record<Mode, Transport> = {
    socket,
    sse,
    // Sooner than the default, for one who waits for it; a link that lived 5 s was good, and the session comes back from it at once.
    automatic: fallback([socket, sse], { probeMs: 6_000 }),
  }
  return {
    transport: shared({ name: 'ways', open: (to) => openLink(transports, mode, holds, to) }),
    mode,
    setMode(next) {
      localStorage.setItem(key, next)
      mode.set(next)
    },
    holds,
  }
}

/** A link of the mode wanted now; it ends when another is wanted. */
function openLink(transports: Record<Mode, Transport>, mode: Readable<Mode>, holds: Value<boolean>, to: LinkEvents): Link {
  const own = mode.get()
  let isSwitched = false
  holds.set(true)
  const link = transports[own].open({
    opened() {
      to.opened()
      to.frame({ type: 'via', via: transports[own].name })
    },
    frame: to.frame,
    closed(why) {
      stopWatching()
      holds.set(false)
      to.closed(isSwitched ? { band: 'retry-after', code: 'mode', retryAfterMs: 0 } : why)
    },
  })
  const stopWatching = mode.subscribe((now) => {
    if (now === own || isSwitched) return
    isSwitched = true
    link.close()
  })
  return link
}

function asMode(text: string | null): Mode {
  return modes.find((mode) => mode === text) ?? 'automatic'
}
