/**
 * Frames to texts and bytes. A frame that goes to many links is turned into JSON once; the frames of one tick that go to many links
 * alike are turned into one text, and one WebSocket frame, once. A text carries one frame or a list of them (R32).
 */
import type { ServerFrame } from '../../protocol/frames.js'
import * as limits from '../../protocol/limits.js'

export interface Encoder {
  /** Unmasked WebSocket text frames, ready for the wire; more than one where the sizes demand it. `shared`: other links get some of them too. */
  encode(frames: readonly ServerFrame[], shared: boolean): readonly Buffer[]
  /** The same before it becomes bytes. */
  texts(frames: readonly ServerFrame[], shared: boolean): readonly string[]
}

/** Frames that many links get alike; `buffers` once a WebSocket has asked for them. */
interface Prepared {
  readonly frames: readonly ServerFrame[]
  readonly texts: readonly string[]
  buffers: readonly Buffer[] | undefined
}

/** Room for the brackets and commas of a list, and for characters of more than one byte. */
const listBytes = limits.serverFrameBytes - limits.arrayItems - 2
/** No character has more than three bytes. */
const surelyFits = (chars: number, count: number) => chars * 3 <= listBytes && count <= limits.arrayItems

export function createEncoder(): Encoder {
  /** Of this turn: a frame goes to all its links in one. A weak map over all frames would cost the collector more than it saves. */
  const texts = new Map<ServerFrame, string>()
  const forget = () => texts.clear()
  let last: Prepared = { frames: [], texts: [], buffers: undefined }

  function textOf(frame: ServerFrame): string {
    const known = texts.get(frame)
    if (known !== undefined) return known
    const text = JSON.stringify(frame)
    if (texts.size === 0) queueMicrotask(forget)
    texts.set(frame, text)
    return text
  }

  function prepare(frames: readonly ServerFrame[]): Prepared {
    if (!isSame(last.frames, frames)) last = { frames, texts: lists(frames.map(textOf)), buffers: undefined }
    return last
  }

  function encodeShared(frames: readonly ServerFrame[]): readonly Buffer[] {
    const prepared = prepare(frames)
    prepared.buffers ??= prepared.texts.map(webSocketFrame)
    return prepared.buffers
  }

  return {
    encode: (frames, shared) => (shared ? encodeShared(frames) : ownTexts(frames).map(webSocketFrame)),
    texts: (frames, shared) => (shared ? prepare(frames).texts : ownTexts(frames)),
  }
}

function ownTexts(frames: readonly ServerFrame[]): readonly string[] {
  const text = JSON.stringify(frames.length === 1 ? frames[0] : frames)
  return surelyFits(text.length, frames.length) ? [text] : lists(frames.map((frame) => JSON.stringify(frame)))
}

function isSame(a: readonly ServerFrame[], b: readonly ServerFrame[]): boolean {
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return true
}

function lists(texts: readonly string[]): string[] {
  let chars = 0
  for (const text of texts) chars += text.length
  if (surelyFits(chars, texts.length)) return [join(texts)]
  const made: string[] = []
  let start = 0
  let bytes = 0
  texts.forEach((text, i) => {
    const size = Buffer.byteLength(text)
    if (i > start && (bytes + size > listBytes || i - start === limits.arrayItems)) {
      made.push(join(texts.slice(start, i)))
      start = i
      bytes = 0
    }
    bytes += size
  })
  if (start < texts.length) made.push(join(texts.slice(start)))
  return made
}

function join(texts: readonly string[]): string {
  return texts.length === 1 ? (texts[0] ?? '') : `[${texts.join(',')}]`
}

/** RFC 6455 section 5.2: final, text, unmasked. */
function webSocketFrame(text: string): Buffer {
  const length = Buffer.byteLength(text)
  const header = length < 126 ? 2 : length < 65_536 ? 4 : 10
  const frame = Buffer.allocUnsafe(header + length)
  frame[0] = 0x81
  if (header === 2) frame[1] = length
  else if (header === 4) {
    frame[1] = 126
    frame.writeUInt16BE(length, 2)
  } else {
    frame[1] = 127
    frame.writeBigUInt64BE(BigInt(length), 2)
  }
  frame.write(text, header)
  return frame
}
