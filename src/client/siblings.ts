/** Other instances of this user in this browser: a logout here ends them at once (L10). */
import type { StorageScope } from '../ports/storage.js'

/** What carries `logout` to them, to be closed at the end. None where there is no page. */
export function siblings({ tenant, user }: StorageScope, onLogout: () => void): BroadcastChannel | undefined {
  const { document, BroadcastChannel: Channel }: Partial<typeof globalThis> = globalThis
  if (!document || !Channel) return undefined
  const channel = new Channel(`chatloom:${JSON.stringify([tenant ?? null, user])}`)
  channel.onmessage = ({ data }) => {
    if (data === 'logout') onLogout()
  }
  return channel
}
