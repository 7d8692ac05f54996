/**
 * The client's half of the wire: frames to text, text to server frames. No schema library is reached from here.
 * A text frame carries one frame or a list of frames.
 */
import type { ClientFrame, ServerFrame } from './frames.js'
import type { Fields } from './guards.js'
import * as limits from './limits.js'
import { readServerFrame } from './server-frames.js'
import { parseText, prune } from './walk.js'

export type DecodedServerFrames =
  | { readonly ok: true; readonly frames: readonly ServerFrame[] }
  | { readonly ok: false; readonly reason: string }

/** One text frame for one or more frames. */
export function encodeFrames(frames: readonly (ClientFrame | ServerFrame)[]): string {
  return JSON.stringify(frames.length === 1 ? frames[0] : frames)
}

/**
 * Reads what a server sent; never throws. What lies beyond the bounds of R34 is read as `null`, so that a message with such
 * content keeps its place; unknown kinds stay as `unknown` (R10). Not ok: an envelope that cannot be read; the link must close.
 */
export function decodeServerFrames(text: string): DecodedServerFrames {
  const parsed = parseText(text, limits.serverFrameBytes)
  if (!parsed.ok) return parsed
  const bounded = prune(parsed.value, limits.jsonDepth)
  const list: readonly unknown[] = Array.isArray(bounded) ? bounded : [bounded]
  const frames = list.map(readServerFrame)
  const bad = frames.indexOf(null)
  if (bad < 0) return { ok: true, frames: frames as ServerFrame[] }
  // For logs: the type alone, never what users wrote.
  const { type } = Object(list[bad]) as Fields
  return { ok: false, reason: `a server's ${typeof type === 'string' ? type.slice(0, 32) : '?'} frame cannot be read` }
}
