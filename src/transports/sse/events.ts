/** The events of one stream, from its first byte to its end. What is kept of it is bounded by one event. */
import { createParser } from 'eventsource-parser'
import * as limits from '../../protocol/limits.js'

export interface StreamEvent {
  /** Its name; undefined: it carries a text. */
  readonly event?: string | undefined
  readonly id?: string | undefined
  readonly data: string
}

/** Beside its data, what a line holds: the name of the field. */
const fieldChars = 16

/** Resolves when the stream has ended or broken, or is no longer wanted; else with what in it cannot be read. */
export async function readEvents(
  body: ReadableStream<Uint8Array>,
  onEvent: (event: StreamEvent) => void,
  isOver: () => boolean,
): Promise<string | undefined> {
  const reader = body.getReader()
  const decoder = new TextDecoder('utf-8', { fatal: true })
  let fault: string | undefined
  const parser = createParser({
    onEvent,
    maxBufferSize: limits.serverFrameBytes + fieldChars,
    onError({ type }) {
      // The others are fields not known here, which readers of events ignore.
      if (type === 'max-buffer-size-exceeded') fault = 'an event is too long'
    },
  })
  for (;;) {
    const bytes = await reader.read().then(
      ({ value }) => value,
      () => undefined,
    )
    if (bytes === undefined || isOver()) return undefined
    const text = textOf(decoder, bytes)
    if (text === undefined) return 'an event is not UTF-8'
    parser.feed(text)
    if (fault !== undefined) return fault
  }
}

function textOf(decoder: TextDecoder, bytes: Uint8Array): string | undefined {
  try {
    return decoder.decode(bytes, { stream: true })
  } catch {
    return undefined
  }
}
