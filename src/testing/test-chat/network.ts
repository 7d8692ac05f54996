/** The network of one device: links to the hub in memory, which take their time, lose frames, or are away. */
import type { Link, LinkClosed, LinkEvents, Transport } from '../../ports/transport.js'
import { bandOf, closeCodes } from '../../protocol/codes.js'
import type { ClientFrame, ServerFrame } from '../../protocol/frames.js'
import type { Hub, HubLink } from '../../server/hub.js'
import { type AnyFrame, createLane, type Faults, type Which } from '../../transports/mock/faults.js'
import { checkValue, picker } from '../checked.js'
import type { Time } from '../world/time.js'

export interface Network {
  readonly transport: Transport
  goOffline(): void
  goOnline(): void
  delay(ms: number): void
  drop(which: Which): () => void
}

export interface NetworkParts {
  readonly time: Time
  readonly hub: Hub
  readonly user: string
}

const broken: LinkClosed = { band: 'retry', code: 'network' }

export function network(parts: NetworkParts): Network {
  const ends = new Set<End>()
  const lost = new Set<{ readonly which: Which }>()
  const faults: Faults = { delayMs: 0, drop: (frame) => [...lost].some(({ which }) => which(frame)) }
  let isOffline = false
  return {
    transport: {
      name: 'memory',
      open(to) {
        if (!isOffline) return openLink(parts, faults, ends, to)
        queueMicrotask(() => to.closed(broken))
        return { send() {}, close() {} }
      },
    },
    goOffline() {
      isOffline = true
      for (const end of ends) end(broken)
    },
    goOnline() {
      isOffline = false
    },
    delay(ms) {
      if (!(ms >= 0)) throw new RangeError(`A link cannot take ${ms} ms. Pass zero or more.`)
      faults.delayMs = ms
    },
    drop(which) {
      checkValue('drop', 'what picks frames', which, picker)
      const one = { which }
      lost.add(one)
      return () => lost.delete(one)
    },
  }
}

type End = (why: LinkClosed) => void

function openLink({ time, hub, user }: NetworkParts, faults: Faults, ends: Set<End>, to: LinkEvents): Link {
  let phase: 'opening' | 'open' | 'closed' = 'opening'
  let inside: HubLink | undefined
  const lane = <Frame extends AnyFrame>(deliver: (frame: Frame) => void) =>
    createLane<Frame>(faults, time.clock, (frame) => {
      time.beat()
      deliver(frame)
    })
  const down = lane<ServerFrame>((frame) => to.frame(frame))
  const up = lane<ClientFrame>((frame) => {
    if (frame.type === 'hello') inside = enter(frame)
    else inside?.receive(frame)
  })

  const enter = (hello: ClientFrame & { type: 'hello' }) =>
    hub.connect({
      user,
      hello,
      send(frames) {
        for (const frame of frames) down.pass(frame)
      },
      close: (code) => down.then(() => end({ band: bandOf(closeCodes[code]), code })),
    })

  const end: End = (why) => {
    if (phase === 'closed') return
    phase = 'closed'
    ends.delete(end)
    up.stop()
    down.stop()
    inside?.closed()
    queueMicrotask(() => to.closed(why))
  }

  ends.add(end)
  down.then(() => {
    phase = 'open'
    to.opened()
  })
  return {
    send(frame) {
      if (phase === 'open') up.pass(frame)
    },
    close: () => end({ band: 'retry', code: 'closed' }),
  }
}
