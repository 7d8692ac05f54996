/** The network of one device: links to the server that are cut, go silent, or do not open. */
import type { ClientFrame, ServerFrame } from '../../protocol/frames.js'
import type { Link, LinkClosed, LinkEvents, Transport } from '../../ports/transport.js'
import type { Chance } from './chance.js'
import type { Journal } from './journal.js'
import { type Pipe, pipe } from './pipe.js'
import type { Plan } from './plan.js'
import type { WorldServer } from './server.js'
import type { Time } from './time.js'

export interface NetworkParts {
  readonly time: Time
  readonly chance: Chance
  readonly journal: Journal
  readonly plan: Plan
  readonly stormy: () => boolean
  readonly server: WorldServer
  readonly user: string
  /** Names this end in the trace. */
  readonly name: string
}

export interface Network {
  readonly transport: Transport
  /** The connection breaks; both ends hear of it. */
  cut(): void
  /** Nothing arrives any more, and nobody hears of it. */
  silence(): void
  /** The next link does not open. */
  failNext(): void
  /** The tab is dead: it hears nothing more. */
  kill(): void
}

/** So long a server keeps a link that says nothing. */
const serverPatienceMs = 60_000
const broken: LinkClosed = { band: 'retry', code: 'network' }

export function network(parts: NetworkParts): Network {
  const { time, journal, chance } = parts
  let open: OpenLink | null = null
  let failing = false
  let dead = false
  return {
    transport: {
      name: 'world',
      open(to) {
        if (failing || !parts.server.isUp()) {
          if (failing) journal.fired('link not opened')
          failing = false
          time.later(parts.plan.latencyMs, () => {
            time.beat()
            if (!dead) to.closed(broken)
          })
          return { send() {}, close() {} }
        }
        open = openLink(parts, to, () => dead)
        return open.link
      },
    },
    cut: () => open?.cut(chance.hit(0.5) ? 'now' : 'after'),
    silence: () => open?.silence(),
    failNext() {
      failing = true
    },
    kill() {
      dead = true
      open?.cut(chance.hit(0.5) ? 'now' : 'after')
    },
  }
}

interface OpenLink {
  readonly link: Link
  cut(how: 'now' | 'after'): void
  silence(): void
}

function openLink(parts: NetworkParts, to: LinkEvents, dead: () => boolean): OpenLink {
  const { time, journal, server, name, user } = parts
  let closed = false
  const close = (why: LinkClosed) => {
    if (closed) return
    closed = true
    time.beat()
    journal.note(`${name} closed ${why.code}`)
    if (!dead()) to.closed(why)
  }
  const down: Pipe<ServerFrame> = pipe({
    ...parts,
    name: (frame) => `${name} < ${wordOf(frame)}`,
    deliver(frame) {
      if (!closed && !dead()) to.frame(frame)
    },
  })
  const up: Pipe<ClientFrame> = pipe({
    ...parts,
    name: (frame) => `${name} > ${wordOf(frame)}`,
    deliver(frame) {
      if (closed) journal.fired('frame arrived after its link was given up')
      visit.receive(frame)
    },
  })
  const visit = server.enter({
    user,
    send(frames) {
      for (const frame of frames) down.push(frame)
    },
    close(why) {
      up.stop()
      down.end('after', () => close(why))
    },
    cut() {
      up.stop()
      down.end(parts.chance.hit(0.5) ? 'now' : 'after', () => close(broken))
    },
  })
  time.later(parts.plan.latencyMs, () => {
    time.beat()
    if (!closed && !dead()) to.opened()
  })
  return {
    link: {
      send(frame) {
        if (!closed) up.push(frame)
      },
      close() {
        if (closed) return
        if (up.isSilent()) time.later(serverPatienceMs, visit.gone)
        else up.end(parts.chance.hit(0.7) ? 'after' : 'now', visit.gone)
        down.stop()
        queueMicrotask(() => close({ band: 'retry', code: 'closed' }))
      },
    },
    cut(how) {
      if (closed) return
      journal.fired('link cut')
      up.end(how, visit.gone)
      down.end(how, () => close(broken))
    },
    silence() {
      if (closed) return
      journal.fired('link silent')
      up.silence()
      down.silence()
    },
  }
}

function wordOf(frame: ClientFrame | ServerFrame): string {
  const { type } = frame
  const detail =
    'localId' in frame
      ? frame.localId.slice(-4)
      : 'seq' in frame
        ? frame.seq
        : 'request' in frame
          ? frame.request
          : type === 'receipt'
            ? `${frame.delivered ?? ''}/${frame.read ?? ''}`
            : ''
  const more = type === 'opened' ? ` ${frame.reset ?? 'delta'} ${frame.from}..${frame.to}/${frame.head}` : ''
  const tries = type === 'operation' ? ` try ${frame.try} after ${frame.after?.slice(-4) ?? '-'} ${frame.operation.kind}` : ''
  return `${type} ${'conversation' in frame ? frame.conversation : ''} ${detail}${more}${tries}`
}
