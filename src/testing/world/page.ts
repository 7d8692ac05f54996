/**
 * The page around one tab: what a browser tells it (visible, hidden, back again), and the channel by which the instances of one
 * user in one browser hear of a logout. Where there is a real page, tabs of a world have none of their own.
 */
import type { Life } from './mortal.js'

export interface Page {
  /** Runs what listens to the page, with this one as the present page. */
  present<T>(run: () => T): T
  tell(what: 'hidden' | 'visible' | 'pagehide' | 'pageshow' | 'freeze' | 'resume' | 'online' | 'offline'): void
  isVisible(): boolean
  /** Channels that it listens to. */
  channels(): number
}

/** Channels of one browser, by name. */
export type Channels = Map<string, Set<(data: unknown) => void>>

const globals = ['window', 'document', 'BroadcastChannel'] as const

export function pageOf(life: Life, channels: Channels, later: (run: () => void) => void): Page {
  const window = new EventTarget()
  const document = Object.assign(new EventTarget(), { visibilityState: 'visible' })
  const mine = new Set<object>()
  const parts = { window, document, BroadcastChannel: channelsOf(life, channels, mine, later) }
  return {
    present(run) {
      if ('window' in globalThis) return run()
      const before = globals.map((name) => [name, Object.getOwnPropertyDescriptor(globalThis, name)] as const)
      for (const name of globals) Object.defineProperty(globalThis, name, { value: parts[name], configurable: true, writable: true })
      try {
        return run()
      } finally {
        for (const [name, descriptor] of before) {
          if (descriptor) Object.defineProperty(globalThis, name, descriptor)
          else Reflect.deleteProperty(globalThis, name)
        }
      }
    },
    tell(what) {
      if (what === 'hidden' || what === 'visible') {
        document.visibilityState = what
        document.dispatchEvent(new Event('visibilitychange'))
      } else if (what === 'freeze' || what === 'resume') document.dispatchEvent(new Event(what))
      else window.dispatchEvent(new Event(what))
    },
    isVisible: () => document.visibilityState === 'visible',
    channels: () => mine.size,
  }
}

/** A `BroadcastChannel` whose messages arrive a moment later, at tabs that live. */
function channelsOf(life: Life, channels: Channels, mine: Set<object>, later: (run: () => void) => void) {
  return function Channel(this: { onmessage?: (event: { data: unknown }) => void; postMessage: unknown; close: unknown }, name: string) {
    const all = channels.get(name) ?? new Set()
    channels.set(name, all)
    const hear = (data: unknown) => life.run(() => this.onmessage?.({ data }))
    all.add(hear)
    mine.add(hear)
    this.postMessage = (data: unknown) => {
      for (const each of [...all]) if (each !== hear) later(() => all.has(each) && each(data))
    }
    this.close = () => all.delete(hear) && mine.delete(hear)
  }
}
