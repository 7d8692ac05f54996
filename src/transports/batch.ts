/** Joins the frames sent in one turn, or while the wire is busy, into few texts, each within the limit of bytes; order is kept. */
import * as limits from '../protocol/limits.js'

export interface Batch {
  add(frame: object): void
  /** Hands over what waits, now, as long as the wire is free. */
  flush(): void
}

/** Calls `write` with each text, in a microtask after the first frame that waits. A frame too big for any text goes alone. */
export function createBatch(write: (text: string) => void, isBusy?: () => boolean): Batch {
  const waiting: string[] = []

  const flush = () => {
    while (waiting.length > 0 && !isBusy?.()) {
      let count = 0
      let bytes = 0
      for (const text of waiting) {
        // Exact where it matters; a short text is taken at its worst.
        bytes += (text.length < 1_024 ? text.length * 3 : new TextEncoder().encode(text).length) + 1
        if (count > 0 && (bytes >= limits.clientFrameBytes || count === limits.arrayItems)) break
        count++
      }
      const texts = waiting.splice(0, count)
      // A list as text has its commas.
      write(count > 1 ? `[${texts}]` : `${texts}`)
    }
  }

  return {
    // A promise costs less in Node than `queueMicrotask`.
    add(frame) {
      if (waiting.push(JSON.stringify(frame)) === 1) void Promise.resolve().then(flush)
    },
    flush,
  }
}
