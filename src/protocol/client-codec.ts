/**
 * The server's half of the wire: text to client frames, by the schemas. Apart from `codec.ts`, so that no client imports zod.
 * Hostile until read: bounds first, then the schema. An operation that cannot be read in an envelope that can becomes
 * `unknown`, so that the hub rejects that one entry for good; closing the link would bring the same entry back for ever.
 * The one frame that comes often, a well-formed operation, is read by hand; a property test holds that equal to the schema.
 */
import type { CloseCode } from './codes.js'
import type { ClientFrame, Operation } from './frames.js'
import { type Fields, isCount, isFields, isId } from './guards.js'
import * as limits from './limits.js'
import { clientFrame } from './schemas.js'
import { isBounded, parseText } from './walk.js'

export type DecodedClientFrames =
  | { readonly ok: true; readonly frames: readonly ClientFrame[] }
  | { readonly ok: false; readonly code: CloseCode; readonly reason: string }

type OperationFrame = Extract<ClientFrame, { type: 'operation' }>

const types = new Set<unknown>(clientFrame.options.map((option) => option.shape.type.value))

const bad = (reason: string): DecodedClientFrames => ({ ok: false, code: 'bad-frame', reason })

/**
 * Reads what a client sent; never throws. Frames of a type not known here are left out, so that newer clients work.
 * Not ok: nothing of the text frame may be applied; close the link with `code`.
 */
export function decodeClientFrames(text: string): DecodedClientFrames {
  const parsed = parseText(text, limits.clientFrameBytes)
  if (!parsed.ok) return bad(parsed.reason)
  const list: readonly unknown[] = Array.isArray(parsed.value) ? parsed.value : [parsed.value]
  if (list.length > limits.arrayItems) return bad(`${list.length} frames in one text frame are over the limit of ${limits.arrayItems}`)
  const frames: ClientFrame[] = []
  for (const item of list) {
    if (!isFields(item) || typeof item.type !== 'string') return bad('a frame is not an object with a type')
    const value = item.type === 'operation' ? withReadableContent(item) : item
    if (!isEnvelopeBounded(value)) return bad(`a ${shown(item.type)} frame is too deep, too wide or names __proto__`)
    if (!types.has(item.type)) continue
    const frequent = item.type === 'operation' ? readOperation(value) : undefined
    if (frequent !== undefined) {
      frames.push(frequent)
      continue
    }
    const read = clientFrame.safeParse(value)
    if (!read.success) return bad(`a ${item.type} frame cannot be read: ${read.error.issues[0]?.path.join('.') ?? ''}`)
    frames.push(read.data)
  }
  return { ok: true, frames }
}

/** The operation's own level stands above its content. */
function withReadableContent(frame: Fields): Fields {
  return isBounded(frame.operation, limits.contentDepth + 1) ? frame : { ...frame, operation: { kind: 'unknown', raw: null } }
}

/** The operation of an operation frame was walked already, by narrower bounds. */
function isEnvelopeBounded(frame: Fields): boolean {
  const isOperation = frame.type === 'operation'
  let keys = 0
  for (const key in frame) {
    if (++keys > limits.objectKeys || key === '__proto__') return false
    const item = frame[key]
    if (typeof item === 'object' && !(isOperation && key === 'operation') && !isBounded(item, limits.jsonDepth - 2)) return false
  }
  return true
}

/** Exactly what the schema makes of it; undefined where the schema has to say. */
function readOperation({ conversation, localId, try: count, after, operation }: Fields): OperationFrame | undefined {
  if (!isId(conversation) || !isId(localId) || !isCount(count) || !isFields(operation)) return undefined
  const known = knownOperation(operation)
  if (!known) return undefined
  if (after === undefined) return { type: 'operation', conversation, localId, try: count, operation: known }
  return isId(after) ? { type: 'operation', conversation, localId, try: count, after, operation: known } : undefined
}

function knownOperation({ kind, content }: Fields): Operation | undefined {
  if (kind === 'send') return content === undefined ? undefined : { kind, content }
  return kind === 'void' ? { kind } : undefined
}

const shown = (type: string) => type.slice(0, 32)
