/** Questions of several seats over one link: numbered anew, and their answers given back. */
import type { LinkFrame } from '../../ports/transport.js'
import type { ClientFrame } from '../../protocol/frames.js'

type Question = Extract<ClientFrame, { request: number }>

/** Questions that no answer has come to; the oldest are forgotten. */
const kept = 1_000

export interface Requests {
  ask(seat: string, frame: Question): Question
  /** Undefined: nobody waits for it. */
  answered(frame: LinkFrame, number: number): { readonly seat: string; readonly frame: LinkFrame } | undefined
}

export function createRequests(): Requests {
  const asked = new Map<number, { readonly seat: string; readonly request: number }>()
  let last = 0
  return {
    ask(seat, frame) {
      last += 1
      asked.set(last, { seat, request: frame.request })
      const [oldest] = asked.keys()
      if (oldest !== undefined && asked.size > kept) asked.delete(oldest)
      return { ...frame, request: last }
    },
    answered(frame, number) {
      const found = asked.get(number)
      asked.delete(number)
      return found && { seat: found.seat, frame: { ...frame, request: found.request } as LinkFrame }
    },
  }
}
