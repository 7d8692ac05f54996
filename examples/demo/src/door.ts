/** What the demo's server does to one user's links, and says of them: by routes of its own, beside the chat. */
import type { Readable } from 'chatloom'
import { value } from '../value.js'

export type Sockets = 'pass' | 'refused' | 'silent'

export interface Links {
  /** This user's, of all tabs and browsers. */
  readonly links: readonly { readonly way: 'socket' | 'sse'; readonly tab: string }[]
  /** Of all users. */
  readonly total: number
  /** What becomes of this user's sockets. */
  readonly sockets: Sockets
}

export interface Door {
  /** Asked for every second while one looks; undefined while the server is away. */
  readonly links: Readable<Links | undefined>
  /** Ends this user's links, without a word. */
  kill(): Promise<void>
  setSockets(sockets: Sockets): Promise<void>
}

const everyMs = 1_000

export function createDoor(user: string): Door {
  const links = value<Links | undefined>(undefined)
  let lookers = 0
  let timer: ReturnType<typeof setInterval> | undefined

  async function ask(path: string, method = 'POST'): Promise<void> {
    try {
      const answer = await fetch(`/demo/${path}`, { method })
      links.set(answer.ok ? await answer.json() : undefined)
    } catch {
      links.set(undefined)
    }
  }
  const look = (): void => {
    if (document.visibilityState === 'visible') void ask(`links?user=${user}`, 'GET')
  }
  return {
    links: {
      get: links.get,
      subscribe(run) {
        const stop = links.subscribe(run)
        if (lookers++ === 0) timer = setInterval(look, everyMs)
        look()
        return () => {
          stop()
          if (--lookers === 0) clearInterval(timer)
        }
      },
    },
    kill: () => ask(`kill?user=${user}`),
    setSockets: (sockets) => ask(`sockets?user=${user}&are=${sockets}`),
  }
}
