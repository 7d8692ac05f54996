/** What the parts of the door for server-sent events share. */
import type { OpenHall } from '../hall.js'
import type { Gate } from '../identify.js'
import type { Pipe, Visitor } from '../visitor.js'
import type { SseWire } from './wire.js'

export interface Door {
  readonly hall: OpenHall
  readonly gate: Gate
  readonly pipe: Pipe<SseWire>
  /** By the link's id. */
  readonly links: Map<string, Visitor<SseWire>>
}

/** A code for programs; clients act on the status. */
export function refusal(status: number, code: string, headers: Record<string, string> = {}): Response {
  return Response.json({ code }, { status, headers: { 'cache-control': 'no-store', ...headers } })
}

/** No such link, or no longer. */
export const gone = (): Response => refusal(410, 'gone')

/** How far the events have come, by the client's word. Without it: not at all. */
export function lastEventOf({ headers }: Request): number {
  const text = headers.get('last-event-id') ?? '0'
  return /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN
}
