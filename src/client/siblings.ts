/** Other instances of this user in this browser: a logout here ends them at once (L10). */
export interface Siblings {
  tellLogout(): void
  stop(): void
}

export function siblings(tenant: string | undefined, user: string, onLogout: () => void): Siblings {
  if (typeof BroadcastChannel === 'undefined' || typeof document === 'undefined') return { tellLogout() {}, stop() {} }
  const channel = new BroadcastChannel(`chatloom:${JSON.stringify([tenant ?? null, user])}`)
  channel.onmessage = ({ data }) => {
    if (data === 'logout') onLogout()
  }
  return {
    tellLogout: () => channel.postMessage('logout'),
    stop: () => channel.close(),
  }
}
