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
  const rest = (ms: number) => {
    stop()
    ways.waitMs = ms
    stop = ways.after(ms, () => ask(0))
  }
  const online = () => rest(0)

  function ask(way: number) {
    if (way < taken) stop = probe(ways, way, hello, (works) => (works ? found(way) : ask(way + 1)))
    else rest(Math.min(longestWaitMs, ways.waitMs * 2 || ways.probeMs))
  }

  rest(ways.waitMs)
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
    opened: () => link.send({ ...hello, lane: `probe.${hello.lane}` }),
    // A combinator below names its way first.
    frame: ({ type }) => type === 'via' || end(type === 'welcome'),
    closed: () => end(false),
  })
  const cancel = after(2 * silentMs, () => end(false))
  return end
}
