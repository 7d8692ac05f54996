/** The network of one tab: links to the server that are cut, go silent, hang, crawl or do not open. */
import type { Link, LinkClosed, LinkEvents, Transport } from '../../ports/transport.js'
import type { FaultName } from './faults.js'
import { broken, type LinkParts, type OpenLink, openLink } from './link.js'

/** What the next link meets. */
export type Opening = 'fails' | 'hangs' | '401' | '403' | '503'

export interface Network {
  readonly transport: Transport
  /** The connection breaks; both ends hear of it, at once or when what is on its way has come. */
  cut(how?: 'now' | 'after'): void
  /** Nothing arrives any more, and nobody hears of it. */
  silence(way?: 'up' | 'down'): void
  /** What the next link meets. */
  meet(opening: Opening | null): void
  /** Frames take so much longer until so many milliseconds have passed. */
  slow(byMs: number, forMs: number): void
  /** No link opens for so long, and the present one breaks. */
  block(forMs: number): void
  /** The network of a world that heals: nothing is slow, blocked or refused any more, nor is what was on its way to be. */
  heal(): void
  /** A text that no honest peer sends arrives at either side. */
  inject(what: 'unknown' | 'deep', way: 'up' | 'down'): void
  /** The tab is dead: it hears nothing more. */
  kill(): void
  /** A link that the tab believes in. */
  isOpen(): boolean
}

const refusals: { readonly [Name in Opening]: readonly [FaultName, LinkClosed] } = {
  fails: ['link not opened', broken],
  hangs: ['link hung while opening', broken],
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

export function network(parts: LinkParts): Network {
  const { time, journal, chance, life } = parts
  const { clock } = time
  const calm: Weather = { opening: null, slowUntilMs: 0, slowMs: 0, blockedUntilMs: 0 }
  const weather = { ...calm }
  let open: OpenLink | null = null
  let isHealed = false
  const half = () => (chance.hit(0.5) ? 'now' : 'after')

  const refused = (to: LinkEvents, why: LinkClosed): Link => {
    let isOver = false
    const close = (reason: LinkClosed) => {
      if (isOver) return
      isOver = true
      time.beat()
      life.run(() => to.closed(reason))
    }
    if (weather.opening !== 'hangs') time.later(parts.plan.latencyMs, () => close(isHealed ? broken : why))
    return { send() {}, close: () => queueMicrotask(() => close({ band: 'retry', code: 'closed' })) }
  }

  /** What was said to refuse a link is on its way when all heals: it breaks instead. */
  const unrefused = (to: LinkEvents): LinkEvents => ({
    ...to,
    frame: (frame) => (isHealed && frame.type === 'refused' ? undefined : to.frame(frame)),
    closed: (why) => to.closed(isHealed && why.band === 'terminal' && why.code !== 'superseded' ? broken : why),
  })

  const openFor = (to: LinkEvents): Link => {
    const { opening } = weather
    const isBlocked = clock.now() < weather.blockedUntilMs
    if (isBlocked) journal.fired('way blocked')
    if (isBlocked || !parts.server.isUp()) return refused(to, broken)
    if (opening === null) {
      open = openLink(parts, unrefused(to), () => (clock.now() < weather.slowUntilMs ? weather.slowMs : 0))
      return open.link
    }
    const [fault, why] = refusals[opening]
    journal.fired(fault)
    const link = refused(to, why)
    weather.opening = null
    return link
  }

  return {
    transport: { name: 'world', open: openFor },
    cut: (how = half()) => open?.cut(how),
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
    heal() {
      isHealed = true
      Object.assign(weather, calm)
    },
    inject: (what, way) => open?.inject(what, way),
    kill: () => open?.cut(half()),
    isOpen: () => open?.isOpen() ?? false,
  }
}
