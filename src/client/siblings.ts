/**
 * Other instances in this browser. Of this user: a logout here ends them at once (L10), and each waits for the lanes of the
 * others (R16). Of another: who begins tells it, and those of before ask the server again whose browser this is (L10).
 */
import { lanes } from '../core/bounds.js'
import type { StorageScope } from '../ports/storage.js'
import { isId } from '../protocol/guards.js'

/**
 * What carries `[user]`, a logout, and `[user, lane]` to them, to be closed at the end. None where there is no page. The own lane is told once
 * it is `held`: who waits for one that nobody holds has it. `onLane` is called once for each of another instance of this user.
 */
export function siblings(
  { tenant, user }: StorageScope,
  lane: string,
  held: Promise<unknown>,
  onLogout: () => void,
  onOther: (signal: 'other-user') => void,
  onLane: (lane: string) => void,
): BroadcastChannel | undefined {
  // There may be no page and no such thing, and Firefox refuses one where it keeps nothing.
  try {
    const channel = document && new BroadcastChannel(`chatloom:${tenant}`)
    const known = new Set([lane])
    /** Once the channel is closed it throws. */
    const tell = () => void held.then(() => channel.postMessage([user, lane])).catch(() => {})
    channel.onmessage = ({ data }) => {
      if (data?.[0] !== user) return onOther('other-user')
      const [, of] = data
      if (!of) return onLogout()
      if (!isId(of) || known.has(of) || known.size > lanes) return
      known.add(of)
      onLane(of)
      // One that has just begun does not know of this one yet.
      tell()
    }
    tell()
    return channel
  } catch {
    return undefined
  }
}
