/** What server-sent events are to a suite: requests to one address, and the events of a stream (docs/protocol.md, §16). */
import { createParser, type EventSourceMessage } from 'eventsource-parser'

/** Asks for a stream; rejects where nobody answers. */
export function askForStream(url: string, headers: Record<string, string>, signal: AbortSignal): Promise<Response> {
  return fetch(url, { headers: { accept: 'text/event-stream', ...headers }, cache: 'no-store', signal })
}

export const bearer = (token: string | undefined): Record<string, string> =>
  token === undefined ? {} : { authorization: `Bearer ${token}` }

/** Whether the answer is a stream, whatever is in it. */
export function isStream({ status, headers }: Response): boolean {
  return status === 200 && /^text\/event-stream\b/.test(headers.get('content-type') ?? '')
}

/** Resolves when the stream has ended or broken. */
export async function readEvents(
  { body }: Response,
  onEvent: (event: EventSourceMessage) => void,
  onComment = (_: string) => {},
): Promise<void> {
  const parser = createParser({ onEvent, onComment })
  const decoder = new TextDecoder()
  const reader = body?.getReader()
  try {
    for (let next = await reader?.read(); next?.value; next = await reader?.read())
      parser.feed(decoder.decode(next.value, { stream: true }))
  } catch {
    // Broken, or broken off from here.
  }
}

/** The id in the data of a `link` event; undefined where there is none. */
export function linkIn(data: string): string | undefined {
  try {
    const { link } = JSON.parse(data)
    return typeof link === 'string' ? link : undefined
  } catch {
    return undefined
  }
}
