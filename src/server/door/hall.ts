/**
 * Where the visitors of all doors are: how many there may be, and for how long they may be silent. One sweep a second looks at all of
 * them, so that a connection costs no timer.
 */
import { type Hall, type Visitor, end } from './visitor.js'

export interface HallOptions extends Omit<Hall, 'visitors'> {
  readonly connections: number
  readonly helloMs: number
  /** A link that says nothing for so long is dead. */
  readonly silenceMs: number
  readonly isAllowed: (origin: string) => boolean
}

export interface OpenHall extends Hall {
  /** Requests without Origin come from no browser and pass. */
  passes(origin: string | null | undefined): boolean
  /** No room for one more, or about to close. */
  isFull(): boolean
  /** Lets nobody in any more. */
  shut(): void
  /** Ends the sweep and closes what is left. */
  clear(): void
}

const sweepMs = 1_000

export function openHall({ connections, helloMs, silenceMs, isAllowed, ...shared }: HallOptions): OpenHall {
  const visitors = new Set<Visitor>()
  let isShut = false
  const hall: OpenHall = {
    ...shared,
    visitors,
    passes(origin) {
      try {
        return origin === undefined || origin === null || isAllowed(origin)
      } catch {
        return false
      }
    },
    isFull: () => isShut || visitors.size >= connections,
    shut() {
      isShut = true
    },
    clear() {
      isShut = true
      clearInterval(sweep)
      for (const visitor of [...visitors]) end(hall, visitor, 'going-away')
    },
  }
  const sweep = setInterval(() => {
    const now = hall.now()
    for (const visitor of visitors) {
      if (visitor.expiresAt <= now) end(hall, visitor, 'token-expired')
      else if (visitor.phase !== 'linked' && visitor.heardAt + helloMs <= now) end(hall, visitor, 'hello-timeout')
      else if (visitor.heardAt + silenceMs <= now) end(hall, visitor, 'going-away')
    }
  }, sweepMs)
  sweep.unref()
  return hall
}
