/** Other instances of this user in this browser: a logout here ends them at once (L10), and each waits for the lanes of the others (R16). */
import { lanes } from '../core/bounds.js'
import type { StorageScope } from '../ports/storage.js'
import { isId } from '../protocol/guards.js'

/**
 * What carries `logout` and lanes to them, to be closed at the end. None where there is no page. The own lane is told once it is `held`:
 * who waits for one that nobody holds has it. `onLane` is called once for each of another.
 */
export function siblings(
  { tenant, user }: StorageScope,
  lane: string,
  held: Promise<unknown>,
  onLogout: () => void,
  onLane: (lane: string) => void,
): BroadcastChannel | undefined {
  const { document, BroadcastChannel: Channel }: Partial<typeof globalThis> = globalThis
  if (!document || !Channel) return undefined
  const channel = new Channel(`chatloom:${JSON.stringify([tenant, user])}`)
  const known = new Set([lane])
  /** Once the channel is closed it throws. */
  const tell = () => void held.then(() => channel.postMessage(lane)).catch(() => {})
  channel.onmessage = ({ data }) => {
    if (data === 'logout') return onLogout()
    if (!isId(data) || known.has(data) || known.size > lanes) return
    known.add(data)
    onLane(data)
    // One that has just begun does not know of this one yet.
    tell()
  }
  tell()
  return channel
}
