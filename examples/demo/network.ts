/**
 * A transport that behaves badly on demand: it wraps a real one and delays, drops, doubles and reorders its frames, in both
 * directions, as the controls say at that moment. The handshake is left alone, or there would be no link to spoil.
 */
import type { ClientFrame, Link, LinkClosed, LinkEvents, LinkFrame, Readable, ServerFrame, Transport } from 'chatloom'
import { value } from './value.js'

export interface Network {
  readonly offline: boolean
  /** Each way, in milliseconds. */
  readonly latencyMs: number
  readonly dropAcks: boolean
  readonly duplicate: boolean
  readonly reorder: boolean
  /** Answers every send with a final rejection, in the server's place. */
  readonly reject: boolean
}

/** What the panel has done to frames so far. */
export interface Harm {
  readonly frames: number
  readonly dropped: number
  readonly duplicated: number
  readonly reordered: number
}

export interface Controls {
  readonly network: Readable<Network>
  readonly harm: Readable<Harm>
  set(change: Partial<Network>): void
  count(kind: keyof Harm): void
}

export const goodNetwork: Network = { offline: false, latencyMs: 0, dropAcks: false, duplicate: false, reorder: false, reject: false }

export function createControls(): Controls {
  const network = value(goodNetwork)
  const harm = value<Harm>({ frames: 0, dropped: 0, duplicated: 0, reordered: 0 })
  return {
    network,
    harm,
    set: (change) => network.set({ ...network.get(), ...change }),
    count: (kind) => harm.set({ ...harm.get(), [kind]: harm.get()[kind] + 1 }),
  }
}

/** Wraps `transport`, so that its links suffer what `controls` say. */
export function unreliable(transport: Transport, controls: Controls): Transport {
  return { name: transport.name, open: (to) => openLink(transport, controls, to) }
}

function openLink(transport: Transport, controls: Controls, to: LinkEvents): Link {
  let over = false
  const incoming = lane<LinkFrame>(controls, (frame) => to.frame(frame))
  const outgoing = lane<ClientFrame>(controls, (frame) => {
    const rejection = controls.network.get().reject ? rejectionOf(frame) : undefined
    if (rejection) incoming.pass(rejection)
    else link?.send(frame)
  })

  const end = (why: LinkClosed): void => {
    if (over) return
    over = true
    stopWatching()
    incoming.stop()
    outgoing.stop()
    to.closed(why)
  }

  const link = controls.network.get().offline
    ? undefined
    : transport.open({ opened: () => over || to.opened(), frame: (frame) => over || incoming.pass(frame), closed: end })

  const cut = (): void => {
    link?.close()
    queueMicrotask(() => end({ band: 'retry', code: 'network', reason: 'The demo cut the link: its user is offline.' }))
  }
  let stopWatching = (): void => {}
  stopWatching = controls.network.subscribe(({ offline }) => offline && cut())

  return {
    send: (frame) => over || outgoing.pass(frame),
    close: () => {
      incoming.stop()
      outgoing.stop()
      if (link) link.close()
      else cut()
    },
  }
}

function rejectionOf(frame: ClientFrame): ServerFrame | undefined {
  if (frame.type !== 'operation' || frame.operation.kind !== 'send') return undefined
  const { conversation, localId } = frame
  return { type: 'reject', conversation, localId, try: frame.try, code: 'forbidden', final: true }
}

/** And what no wire carries: which way a link takes. */
const handshake = new Set(['hello', 'welcome', 'refused', 'via'])

/** One direction: first in, first out, but for the frames that are made late on purpose. */
function lane<Frame extends ClientFrame | LinkFrame>(controls: Controls, deliver: (frame: Frame) => void) {
  const waiting: { readonly at: number; readonly frame: Frame }[] = []
  let newest = 0
  let timer: ReturnType<typeof setTimeout> | undefined
  let stopped = false

  const drain = (): void => {
    timer = undefined
    for (let first = waiting[0]; !stopped && first && first.at <= performance.now(); first = waiting[0]) {
      waiting.shift()
      deliver(first.frame)
    }
    const next = waiting[0]
    if (!stopped && next) timer ??= setTimeout(drain, Math.max(0, next.at - performance.now()))
  }

  const put = (frame: Frame, at: number): void => {
    const place = waiting.findLastIndex((one) => one.at <= at) + 1
    waiting.splice(place, 0, { at, frame })
    clearTimeout(timer)
    timer = undefined
    drain()
  }

  const pass = (frame: Frame): void => {
    if (stopped) return
    const { latencyMs, dropAcks, duplicate, reorder } = controls.network.get()
    controls.count('frames')
    newest = Math.max(newest, performance.now() + latencyMs)
    if (handshake.has(frame.type)) return put(frame, newest)
    if (dropAcks && frame.type === 'ack') return controls.count('dropped')
    const late = reorder && Math.random() < 0.4
    if (late) controls.count('reordered')
    // Past several frames of a lively talk, and short of every deadline of the session.
    const at = late ? newest + 200 + Math.random() * 600 : newest
    put(frame, at)
    if (!duplicate) return
    controls.count('duplicated')
    put(frame, at)
  }

  const stop = (): void => {
    stopped = true
    clearTimeout(timer)
    waiting.length = 0
  }

  return { pass, stop }
}
