/** Messages that seats have sent and the server has not answered: who comes later is shown them too. */
import type { LinkFrame } from '../../ports/transport.js'

type Shown = Extract<LinkFrame, { type: 'provisional' }>

/** The oldest are forgotten. */
const kept = 256

export interface OnWay {
  add(shown: Shown): void
  end(localId: string): void
  all(): readonly Shown[]
}

export function createOnWay(): OnWay {
  const waiting = new Map<string, Shown>()
  return {
    add(shown) {
      waiting.set(shown.localId, shown)
      const [oldest = ''] = waiting.keys()
      if (waiting.size > kept) waiting.delete(oldest)
    },
    end: (localId) => void waiting.delete(localId),
    all: () => [...waiting.values()],
  }
}
