/** The server's part of a recorded session, played again to a client. */
import type { Clock } from '../../ports/clock.js'
import type { LinkClosed, Transport } from '../../ports/transport.js'
import { readLines, type Step } from './lines.js'
import { playLink, playOf } from './play-link.js'

export interface PlaySessionOptions {
  /** Pauses last as long as they were recorded, by this clock. Default: no pauses. */
  readonly clock?: Clock
}

export interface PlayedSession extends Transport {
  /** Who was recorded: `createChat({ user })`. */
  readonly user: string
  /** The lines that were not played, because no client asked for them yet: empty when all went as it was recorded. */
  left(): readonly string[]
}

const over: LinkClosed = { band: 'terminal', code: 'session-over', reason: 'No link was opened: the recorded session has no more of them.' }

/**
 * Plays the lines of `recordSession`, as a list or as one text. The n-th link that is opened gets what the n-th recorded one got. A question of
 * the client is answered once the recording comes to the first one of its type and conversation; ids of requests and messages may differ. Throws
 * `TypeError` at lines that are none.
 */
export function playSession(lines: string | readonly string[], { clock }: PlaySessionOptions = {}): PlayedSession {
  const steps = readLines(typeof lines === 'string' ? lines.split('\n') : lines)
  const plays = byLink(steps).map((of) => playOf(of))
  const hello = steps.find((step) => step.event === 'up' && step.frame.type === 'hello')
  const names = new Map<string, string>()
  let opened = 0
  return {
    name: 'session',
    user: hello?.event === 'up' ? (hello.frame.user ?? '') : '',
    left: () => plays.flatMap(({ steps, at }) => steps.slice(at).map(({ text }) => text)),
    open(to) {
      const play = plays[opened]
      opened += 1
      if (play) return playLink(play, { to, clock, names })
      queueMicrotask(() => to.closed(over))
      return { send() {}, close() {} }
    },
  }
}

/** What happened on each link, in the order of their numbers. */
function byLink(steps: readonly Step[]): readonly (readonly Step[])[] {
  const links = new Map<number, Step[]>()
  for (const step of steps) {
    const of = links.get(step.link) ?? []
    links.set(step.link, of)
    of.push(step)
  }
  return [...links].sort(([a], [b]) => a - b).map(([, of]) => of)
}
