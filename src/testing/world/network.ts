/** The network of one tab: links to the server that are cut, go silent, hang, crawl or do not open. */
import type { ClientFrame, ServerFrame } from '../../protocol/frames.js'
import type { Link, LinkClosed, LinkEvents, Transport } from '../../ports/transport.js'
import type { Chance } from './chance.js'
import type { FaultName } from './faults.js'
import type { Journal } from './journal.js'
import type { Life } from './mortal.js'
import { type Pipe, pipe } from './pipe.js'
import type { Plan } from './plan.js'
import type { Visit } from './door.js'
import type { WorldServer } from './server.js'
import type { Time } from './time.js'
import { nameOfFrame } from './trace.js'
import { objects, readDown, readUp, text, tooDeep, unknownKind } from './wire.js'

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
  readonly life: Life
  /** Hears of every frame that the tab sends. */
  readonly sent: (frame: ClientFrame) => void
}

/** What the next link meets. */
export type Opening = 'fails' | 'hangs' | '401' | '403' | '503'

export interface Network {
  readonly transport: Transport
  /** The connection breaks; both ends hear of it. */
  cut(): void
  /** Nothing arrives any more, and nobody hears of it. */
  silence(way?: 'up' | 'down'): void
  /** What the next link meets. */
  meet(opening: Opening | null): void
  /** Frames take so much longer until so many milliseconds have passed. */
  slow(byMs: number, forMs: number): void
  /** No link opens for so long, and the present one breaks. */
  block(forMs: number): void
  /** The network of a world that heals: nothing is slow or blocked. */
  heal(): void
  /** A text that no honest peer sends arrives at either side. */
  inject(what: 'unknown' | 'deep', way: 'up' | 'down'): void
  /** The tab is dead: it hears nothing more. */
  kill(): void
  /** A link that the tab believes in. */
  isOpen(): boolean
}

/** So long a server keeps a link that says nothing. */
const serverPatienceMs = 60_000
const broken: LinkClosed = { band: 'retry', code: 'network' }

const refusals: { readonly [Name in '401' | '403' | '503']: readonly [FaultName, LinkClosed] } = {
  '401': ['refused with 401', { band: 'refresh', code: 'unauthorized' }],
  '403': ['refused with 403', { band: 'terminal', code: 'forbidden' }],
  '503': ['refused with 503 and a hint', { band: 'retry-after', code: 'overloaded', retryAfterMs: 3_000 }],
}

interface Weather {
  opening: Opening | null
  slowUntilMs: number
  slowMs: number
  blockedUntilMs: number
}

export function network(parts: NetworkParts): Network {
  const { time, journal, chance, life } = parts
  const { clock } = time
  const calm: Weather = { opening: null, slowUntilMs: 0, slowMs: 0, blockedUntilMs: 0 }
  const weather = { ...calm }
  let open: OpenLink | null = null
  const half = () => (chance.hit(0.5) ? 'now' : 'after')

  const refused = (to: LinkEvents, why: LinkClosed): Link => {
    let isOver = false
    const close = (reason: LinkClosed) => {
      if (isOver) return
      isOver = true
      time.beat()
      life.run(() => to.closed(reason))
    }
    if (weather.opening !== 'hangs') time.later(parts.plan.latencyMs, () => close(why))
    return { send() {}, close: () => queueMicrotask(() => close({ band: 'retry', code: 'closed' })) }
  }

  const openFor = (to: LinkEvents): Link => {
    const { opening } = weather
    const isBlocked = clock.now() < weather.blockedUntilMs
    if (isBlocked) journal.fired('way blocked')
    if (isBlocked || !parts.server.isUp()) return refused(to, broken)
    if (opening === null) {
      open = openLink(parts, to, () => (clock.now() < weather.slowUntilMs ? weather.slowMs : 0))
      return open.link
    }
    const [fault, why] =
      opening === 'fails'
        ? (['link not opened', broken] as const)
        : opening === 'hangs'
          ? (['link hung while opening', broken] as const)
          : refusals[opening]
    journal.fired(fault)
    const link = refused(to, why)
    weather.opening = null
    return link
  }

  return {
    transport: { name: 'world', open: openFor },
    cut: () => open?.cut(half()),
    silence: (way) => open?.silence(way),
    meet(opening) {
      weather.opening = opening
    },
    slow(byMs, forMs) {
      journal.fired('link slow')
      Object.assign(weather, { slowMs: byMs, slowUntilMs: clock.now() + forMs })
    },
    block(forMs) {
      weather.blockedUntilMs = clock.now() + forMs
      open?.cut('now')
    },
    heal: () => Object.assign(weather, calm),
    inject: (what, way) => open?.inject(what, way),
    kill: () => open?.cut(half()),
    isOpen: () => open?.isOpen() ?? false,
  }
}

interface OpenLink {
  readonly link: Link
  cut(how: 'now' | 'after'): void
  silence(way?: 'up' | 'down'): void
  inject(what: 'unknown' | 'deep', way: 'up' | 'down'): void
  isOpen(): boolean
}

function openLink(parts: NetworkParts, to: LinkEvents, slowMs: () => number): OpenLink {
  const { time, journal, server, name, user, life, plan, chance } = parts
  const wire = plan.isText ? text : objects
  let closed = false
  const close = (why: LinkClosed) => {
    if (closed) return
    closed = true
    time.beat()
    journal.note(`${name} closed ${why.code}`)
    life.run(() => to.closed(why))
  }
  /** A frame that cannot be read ends the link, from the side that cannot read it. */
  const badDown = () => {
    if (closed) return
    up.end('after', visit.gone)
    down.stop()
    close({ band: 'retry', code: 'bad-frame' })
  }
  const badUp = () => {
    if (closed) return
    visit.gone()
    up.stop()
    down.end('after', () => close({ band: 'retry', code: 'bad-frame' }))
  }
  const hear = (frames: readonly ServerFrame[] | null) => {
    if (!frames) return badDown()
    for (const frame of frames) life.run(() => closed || to.frame(frame))
  }
  const take = (frames: readonly ClientFrame[] | null) => {
    if (!frames) return badUp()
    if (closed) journal.fired('late frame of an old link', frames.length)
    for (const frame of frames) visit.receive(frame)
  }
  const down: Pipe<ServerFrame> = pipe({
    ...parts,
    slowMs,
    name: (frame) => `${name} < ${nameOfFrame(frame)}`,
    garbled: badDown,
    deliver(frame) {
      if (!closed && life.isAlive()) hear(wire.down(frame))
    },
  })
  const up: Pipe<ClientFrame> = pipe({
    ...parts,
    slowMs,
    name: (frame) => `${name} > ${nameOfFrame(frame)}`,
    garbled: badUp,
    deliver: (frame) => take(wire.up(frame)),
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
      down.end(chance.hit(0.5) ? 'now' : 'after', () => close(broken))
    },
  })
  time.later(plan.latencyMs, () => {
    time.beat()
    life.run(() => closed || to.opened())
  })
  return handleOf({ parts, up, down, visit, hear, take, close, isClosed: () => closed })
}

/** Both ends of an open link, and how they end. */
interface Ends {
  readonly parts: NetworkParts
  readonly up: Pipe<ClientFrame>
  readonly down: Pipe<ServerFrame>
  readonly visit: Visit
  hear(frames: readonly ServerFrame[] | null): void
  take(frames: readonly ClientFrame[] | null): void
  close(why: LinkClosed): void
  isClosed(): boolean
}

function handleOf({ parts, up, down, visit, hear, take, close, isClosed }: Ends): OpenLink {
  const { time, journal, life, chance, sent } = parts
  return {
    link: {
      send(frame) {
        if (isClosed()) return
        sent(frame)
        up.push(frame)
      },
      close() {
        if (isClosed()) return
        if (up.isSilent()) time.later(serverPatienceMs, visit.gone)
        else up.end(chance.hit(0.7) ? 'after' : 'now', visit.gone)
        down.stop()
        queueMicrotask(() => close({ band: 'retry', code: 'closed' }))
      },
    },
    cut(how) {
      if (isClosed()) return
      journal.fired('link cut')
      up.end(how, visit.gone)
      down.end(how, () => close(broken))
    },
    silence(way) {
      if (isClosed()) return
      journal.fired(way ? 'link silent one way' : 'link silent')
      if (way !== 'down') up.silence()
      if (way !== 'up') down.silence()
    },
    inject(what, way) {
      if (isClosed() || !life.isAwake()) return
      journal.fired(what === 'deep' ? 'frame too deep' : 'frame of an unknown kind')
      const line = what === 'deep' ? tooDeep : unknownKind
      if (way === 'up') take(readUp(line))
      else hear(readDown(line))
    },
    isOpen: () => !isClosed(),
  }
}
