/** What the two doors of a frame proxy share: what stands, where it leads, and the page of a captive portal. */
import type { Direction } from './control.js'
import type { FrameFaults } from './frame-faults.js'
import type { FrameControl } from './text-lane.js'

/** One per standing WebSocket or HTTP exchange: breaks it. */
export type Ends = Set<() => void>

/** Says a text on one link; false where it cannot be said that way. */
export type Inject = (text: string, direction: Direction) => boolean

export interface DoorParts {
  readonly control: FrameControl
  readonly ends: Ends
  readonly injects: Set<Inject>
  readonly far: () => { readonly host: string; readonly port: number }
}

export const portalPage = '<!doctype html><title>Welcome</title><p>Sign in to use this network.</p>'

export const isPortal = ({ portal, over }: FrameFaults, carrier: 'websocket' | 'http'): boolean =>
  portal === true && (over ?? carrier) === carrier

/** Headers that belong to one connection, not to the request. */
const ofConnection = new Set(['connection', 'upgrade', 'keep-alive', 'transfer-encoding', 'content-length', 'accept-encoding'])

/** What is passed on: nothing of the connection, no key of the handshake, and no wish for compression, because texts are read here. */
export function passedOn<Value>(headers: Record<string, Value>): Record<string, Value> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !ofConnection.has(name) && !name.startsWith('sec-websocket-')))
}
