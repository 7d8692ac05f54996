/** One open link of a tab: a pipe each way, and how they end: cut, silent, closed by either side, or by what cannot be read. */
import type { ClientFrame, ServerFrame } from '../../protocol/frames.js'
import type { Link, LinkClosed, LinkEvents } from '../../ports/transport.js'
import type { Chance } from './chance.js'
import type { Journal } from './journal.js'
import type { Life } from './mortal.js'
import type { Said } from './oracle/ahead.js'
import type { Truth } from './oracle/truth.js'
import { type Pipe, pipe } from './pipe.js'
import type { Plan } from './plan.js'
import type { Visit } from './door.js'
import type { Relay } from './relay.js'
import type { WorldServer } from './server.js'
import type { Time } from './time.js'
import { nameOfFrame } from './trace.js'
import { objects, readDown, readUp, text, tooDeep, unknownKind } from './wire.js'

/** What everything in a world stands in. */
export interface Scene {
  readonly time: Time
  readonly chance: Chance
  readonly journal: Journal
  readonly plan: Plan
  readonly stormy: () => boolean
  readonly server: WorldServer
  readonly relay: Relay | undefined
  readonly truth: Truth
  readonly said: ReadonlyMap<string, Said>
}

export interface LinkParts extends Omit<Scene, 'server'> {
  readonly server: Pick<WorldServer, 'enter' | 'isUp'>
  readonly user: string
  /** Names this end in the trace. */
  readonly name: string
  readonly life: Life
  /** Hears of every frame that the tab sends. */
  readonly sent: (frame: ClientFrame) => void
}

/** So long a server keeps a link that says nothing. */
const serverPatienceMs = 60_000
export const broken: LinkClosed = { band: 'retry', code: 'network' }

export interface OpenLink {
  readonly link: Link
  cut(how: 'now' | 'after'): void
  silence(way?: 'up' | 'down'): void
  inject(what: 'unknown' | 'deep', way: 'up' | 'down'): void
  isOpen(): boolean
}

export function openLink(parts: LinkParts, to: LinkEvents, slowMs: () => number): OpenLink {
  const { time, journal, server, name, user, life, plan, chance } = parts
  const wire = plan.isText ? text : objects
  const { close, leave, isClosed, isOver } = endOf(parts, to)
  /** A frame that cannot be read ends the link, from the side that cannot read it. */
  const badDown = () => {
    if (isOver()) return
    up.end('after', visit.gone)
    down.stop()
    close({ band: 'retry', code: 'bad-frame' })
  }
  const badUp = () => {
    if (isOver()) return
    visit.gone()
    up.stop()
    down.end('after', () => close({ band: 'retry', code: 'bad-frame' }))
  }
  const hear = (frames: readonly ServerFrame[] | null) => {
    if (!frames) return badDown()
    for (const frame of frames) life.run(() => isClosed() || to.frame(frame))
  }
  const take = (frames: readonly ClientFrame[] | null) => {
    if (!frames) return badUp()
    if (isOver()) journal.fired('late frame of an old link', frames.length)
    for (const frame of frames) visit.receive(frame)
  }
  const down: Pipe<ServerFrame> = pipe({
    ...parts,
    slowMs,
    name: (frame) => `${name} < ${nameOfFrame(frame)}`,
    garbled: badDown,
    deliver(frame) {
      if (!isOver() && life.isAlive()) hear(wire.down(frame))
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
    life.run(() => isClosed() || to.opened())
  })
  return handleOf({ parts, up, down, visit, hear, take, close, leave, isClosed })
}

/** How a link ends on the side of the tab. */
function endOf({ time, journal, name, life }: LinkParts, to: LinkEvents) {
  let closed = false
  let isLeft = false
  return {
    close(why: LinkClosed) {
      if (closed) return
      closed = true
      time.beat()
      journal.note(`${name} closed ${why.code}`)
      life.run(() => to.closed(why))
    },
    leave() {
      isLeft = true
    },
    isOver: () => closed,
    /** Nothing but `closed` comes of a link that was left, also where more of it waits for a tab to wake. */
    isClosed: () => closed || isLeft,
  }
}

/** Both ends of an open link, and how they end. */
interface Ends {
  readonly parts: LinkParts
  readonly up: Pipe<ClientFrame>
  readonly down: Pipe<ServerFrame>
  readonly visit: Visit
  hear(frames: readonly ServerFrame[] | null): void
  take(frames: readonly ClientFrame[] | null): void
  close(why: LinkClosed): void
  leave(): void
  isClosed(): boolean
}

function handleOf({ parts, up, down, visit, hear, take, close, leave, isClosed }: Ends): OpenLink {
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
        leave()
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
