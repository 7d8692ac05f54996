/** Joins the frames sent in one turn into few text frames, each within the limit of bytes; order is kept. */
import { limits } from '../../protocol/limits.js'

export interface Batch {
  add(frame: object): void
  /** Hands over what waits, now. */
  flush(): void
}

/** Calls `write` with each text frame, in a microtask after the first `add`. A frame too big for any batch goes alone. */
export function createBatch(write: (text: string) => void): Batch {
  let waiting: string[] = []
  let bytes = 0

  const flush = () => {
    if (waiting.length === 0) return
    const text = waiting.join()
    const isList = waiting.length > 1
    waiting = []
    bytes = 0
    write(isList ? `[${text}]` : text)
  }

  return {
    add(frame) {
      const text = JSON.stringify(frame)
      // No character takes more than three bytes: what is counted so never passes the limit, and nothing is encoded twice.
      const more = text.length * 3 + 1
      if (bytes + more >= limits.clientFrameBytes || waiting.length === limits.arrayItems) flush()
      if (waiting.length === 0) queueMicrotask(flush)
      waiting.push(text)
      bytes += more
    },
    flush,
  }
}
