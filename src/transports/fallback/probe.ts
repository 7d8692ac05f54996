/** Whether a better way carries frames by now. */
import type { Transport } from '../../ports/transport.js'
import type { ClientFrame } from '../../protocol/frames.js'
import type { Ways } from './ways.js'

export type Hello = Extract<ClientFrame, { type: 'hello' }>

const longestWaitMs = 600_000

/**
 * Asks the ways before `taken`, one after the other, again after ever longer waits, until one works. Another network may let a better
 * way pass: it is asked at once. Returns its end, which leaves nothing behind.
 */
export function lookUp(ways: Ways, taken: number, hello: Hello, found: (way: number) => void): () => void {
  let stop = () => {}
  const rest = () => {
    stop()
    stop = ways.after(ways.waitMs, () => ask(0))
  }
  const online = () => {
    ways.waitMs = 0
    rest()
  }

  function ask(way: number) {
    if (way < taken) {
      stop = probe(ways, way, hello, (works) => (works ? found(way) : ask(way + 1)))
      return
    }
    ways.waitMs = Math.min(ways.waitMs * 2 || ways.probeMs, longestWaitMs)
    rest()
  }

  rest()
  globalThis.addEventListener?.('online', online)
  return () => {
    globalThis.removeEventListener?.('online', online)
    stop()
  }
}

/** Opens, greets and lets go of a link, in a lane of its own, so that no other is superseded. Returns an end after which nothing is told. */
function probe({ transports, silentMs, after }: Ways, way: number, hello: Hello, done: (works: boolean) => void): () => void {
  let isOver = false
  const end = (works?: boolean) => {
    if (isOver) return
    isOver = true
    cancel()
    link.close()
    if (works !== undefined) done(works)
  }
  const link = (transports[way] as Transport).open({
    opened: () => link.send({ ...hello, lane: `probe.${hello.lane}`.slice(0, 128) }),
    // A combinator below names its way first.
    frame: ({ type }) => type === 'via' || end(type === 'welcome'),
    closed: () => end(false),
  })
  const cancel = after(2 * silentMs, () => end(false))
  return end
}
