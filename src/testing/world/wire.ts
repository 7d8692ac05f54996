/** Frames as text through the codecs that ship, and texts that no honest peer sends. */
import { decodeClientFrames } from '../../protocol/client-codec.js'
import { decodeServerFrames, encodeFrames } from '../../protocol/codec.js'
import type { ClientFrame, ServerFrame } from '../../protocol/frames.js'

/** What the other side reads; null where it cannot, and the link must close. */
export interface Wire {
  up(frame: ClientFrame): readonly ClientFrame[] | null
  down(frame: ServerFrame): readonly ServerFrame[] | null
}

export const objects: Wire = { up: (frame) => [frame], down: (frame) => [frame] }

export const text: Wire = {
  up: (frame) => readUp(encodeFrames([frame])),
  down: (frame) => readDown(encodeFrames([frame])),
}

export function readUp(line: string): readonly ClientFrame[] | null {
  const read = decodeClientFrames(line)
  return read.ok ? read.frames : null
}

export function readDown(line: string): readonly ServerFrame[] | null {
  const read = decodeServerFrames(line)
  return read.ok ? read.frames : null
}

export const unknownKind = '{"type":"from-a-later-version","conversation":"all","seq":-1,"deep":{"a":[[[1]]]}}'

export const tooDeep = `{"type":"typing","conversation":"all","user":"ana","on":${'['.repeat(2_000)}${']'.repeat(2_000)}}`

/** As a content: names that a careless merge takes for its own. */
export const hostile: unknown = JSON.parse('{"text":"\\u202e\\u0000","constructor":{"prototype":{"admin":true}},"hasOwnProperty":0}')

/** The worst of them, which a server refuses. */
export const poisoned: unknown = JSON.parse('{"text":"x","__proto__":{"admin":true}}')
