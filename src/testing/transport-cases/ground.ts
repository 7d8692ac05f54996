/** What a case of the transport suite stands on: a transport, the server behind it, and a recorder of what a link says. */
import type { Link, LinkClosed, Transport } from '../../ports/transport.js'
import type { ClientFrame, ServerFrame } from '../../protocol/frames.js'

/** `close-codes`: the server can end a link with a code. `text`: the server can say a text that is no frame. */
export type TransportGap = (typeof transportGaps)[number]

export const transportGaps = ['close-codes', 'text'] as const

export interface TransportGround {
  readonly transport: Transport
  /** The server's end. It speaks to every link that stands, and answers nothing by itself. */
  readonly server: {
    say(frames: readonly ServerFrame[]): void
    /** Says one text as it is, for what is no frame. Not called where `text` is a gap. */
    sayText(text: string): void
    /** Ends every link with a close code. Not called where `close-codes` is a gap. */
    close(code: number): void
    /** Breaks every link without a word. */
    cut(): void
    /** Resolves with the first `count` frames received since set-up, of all links, in order. */
    received(count: number): Promise<readonly ClientFrame[]>
  }
  dispose?(): Promise<void>
}

export interface TransportCase {
  readonly name: string
  readonly needs?: TransportGap
  run(ground: TransportGround): Promise<void>
}

/** One opened link and all it has told, in order. */
export interface Recorded {
  readonly link: Link
  readonly told: readonly string[]
  readonly frames: readonly ServerFrame[]
  readonly ends: readonly LinkClosed[]
  opened(): Promise<void>
  /** Resolves when `count` frames have come. */
  heard(count: number): Promise<readonly ServerFrame[]>
  closed(): Promise<LinkClosed>
}

/** Opens a link; `onFrame` runs inside the link's own call. */
export function record(transport: Transport, onFrame: (link: Link) => void = () => {}): Recorded {
  const told: string[] = []
  const frames: ServerFrame[] = []
  const ends: LinkClosed[] = []
  const waits = new Set<() => void>()
  const tell = (what: string) => {
    told.push(what)
    for (const check of [...waits]) check()
  }
  const until = (holds: () => boolean) =>
    new Promise<void>((resolve) => {
      const check = () => {
        if (!holds()) return
        waits.delete(check)
        resolve()
      }
      waits.add(check)
      check()
    })
  const link = transport.open({
    opened: () => tell('opened'),
    frame(frame) {
      // Combinators add frames of their own to the server's.
      if (frame.type === 'via' || frame.type === 'provisional' || frame.type === 'withdrawn') return
      frames.push(frame)
      tell('frame')
      onFrame(link)
    },
    closed(why) {
      ends.push(why)
      tell('closed')
    },
  })
  return {
    link,
    told,
    frames,
    ends,
    opened: () => until(() => told.includes('opened')),
    heard: (count) => until(() => frames.length >= count).then(() => frames),
    closed: () => until(() => ends.length > 0).then(() => ends[0] as LinkClosed),
  }
}

/** Resolves once a link opened later has carried a frame each way: whatever an earlier link still had to say has been said. */
export async function settle({ transport, server }: TransportGround, alreadyReceived: number): Promise<void> {
  const later = record(transport)
  await later.opened()
  later.link.send({ type: 'ping', n: 999_999 })
  await server.received(alreadyReceived + 1)
  server.say([pong(999_999)])
  await later.heard(1)
  later.link.close()
  await later.closed()
}

export const ping = (n: number): ClientFrame => ({ type: 'ping', n })
export const pong = (n: number): ServerFrame => ({ type: 'pong', n, heads: [] })

/** Fails the case unless both are equal as JSON. */
export function same(actual: unknown, expected: unknown, what: string): void {
  const [a, b] = [JSON.stringify(actual), JSON.stringify(expected)]
  if (a !== b) throw new Error(`${what}: expected ${b}, but it was ${a}`)
}
