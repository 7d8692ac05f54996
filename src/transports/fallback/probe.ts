/** Whether a way carries frames: a link in a lane of its own is opened, greeted and let go, so that no other link is superseded. */
import type { Transport } from '../../ports/transport.js'
import type { ClientFrame } from '../../protocol/frames.js'

export type Hello = Extract<ClientFrame, { type: 'hello' }>

/** `done` hears once whether a welcome came in time; returns an end after which it hears nothing. */
export function probe(
  transport: Transport,
  hello: Hello,
  deadline: (run: () => void) => () => void,
  done: (works: boolean) => void,
): () => void {
  let isOver = false
  const stop = () => {
    isOver = true
    cancel()
    link.close()
  }
  const finish = (works: boolean) => {
    if (isOver) return
    stop()
    done(works)
  }
  const link = transport.open({
    opened: () => link.send({ ...hello, lane: `probe.${hello.lane}`.slice(0, 128) }),
    frame: ({ type }) => finish(type === 'welcome'),
    closed: () => finish(false),
  })
  const cancel = deadline(() => finish(false))
  return stop
}
