/** Do the decoders say of a text what the schemas say of its frames? Gives what was decoded, and throws a sentence where not. */
import { decodeClientFrames } from '../../src/protocol/client-codec.js'
import { decodeServerFrames } from '../../src/protocol/codec.js'
import type { ClientFrame, ServerFrame } from '../../src/protocol/frames.js'
import { isFields } from '../../src/protocol/guards.js'
import * as limits from '../../src/protocol/limits.js'
import { clientFrame, serverFrame } from '../../src/protocol/schemas.js'
import { isBounded, prune } from '../../src/protocol/walk.js'

const literals = (options: readonly { readonly shape: { readonly type: { readonly value: unknown } } }[]) =>
  new Set<unknown>(options.map(({ shape }) => shape.type.value))
const serverTypes = literals(serverFrame.options)
const clientTypes = literals(clientFrame.options)

/** What the server's decoder makes of `text`; undefined: it was refused. */
export function clientVerdict(text: string, decoded = decodeClientFrames(text)): readonly ClientFrame[] | undefined {
  const parsed = parse(text, limits.clientFrameBytes)
  if (!decoded.ok) {
    if (parsed && parsed.list.length <= limits.arrayItems && parsed.list.every(isRightClientFrame))
      throw wrong('refused', text, decoded.reason)
    return undefined
  }
  const known = parsed?.list.filter((item) => isFields(item) && clientTypes.has(item.type)) ?? []
  if (!parsed || known.length !== decoded.frames.length) throw wrong('read', text, 'what is no list of frames')
  decoded.frames.forEach((frame, i) => {
    const read = clientFrame.safeParse(frame.type === 'operation' ? frame : known[i])
    if (!read.success) throw wrong('read', text, 'what the schema refuses')
    if (!isSame(read.data, frame)) throw wrong('read', text, `${JSON.stringify(frame)} and not ${JSON.stringify(read.data)}`)
  })
  return decoded.frames
}

/** Also within the bounds that the server checks besides the schema. */
function isRightClientFrame(item: unknown): boolean {
  const isTyped = isFields(item) && typeof item.type === 'string'
  if (!isTyped || !isBounded(item, limits.contentDepth)) return false
  return !clientTypes.has(item.type) || clientFrame.safeParse(item).success
}

/** What the client's decoder makes of `text`; undefined: it was refused. */
export function serverVerdict(text: string, decoded = decodeServerFrames(text)): readonly ServerFrame[] | undefined {
  const parsed = parse(text, limits.serverFrameBytes)
  const list = parsed && listOf(prune(parsed.value, limits.jsonDepth))
  const right = list?.map(bySchema)
  if (!decoded.ok) {
    if (right?.every((frame) => frame !== null)) throw wrong('refused', text, decoded.reason)
    return undefined
  }
  if (right?.length !== decoded.frames.length) throw wrong('read', text, 'what is no list of frames')
  decoded.frames.forEach((frame, i) => {
    const expected = right[i]
    const isSaid = expected && expected.type === frame.type && kindOf(expected) === kindOf(frame)
    if (!isSaid)
      throw wrong('read', text, `a ${frame.type} that the schema reads as ${expected ? (kindOf(expected) ?? expected.type) : 'nothing'}`)
    if (Object.getPrototypeOf(frame) !== Object.prototype) throw wrong('read', text, 'a frame with another prototype')
  })
  return decoded.frames
}

/** What a reader by the schema alone would say; null: the envelope cannot be read. */
function bySchema(item: unknown): ServerFrame | null {
  if (!isFields(item) || typeof item.type !== 'string') return null
  if (!serverTypes.has(item.type) || (item.type === 'unknown' && !('raw' in item))) return { type: 'unknown', raw: item }
  const read = serverFrame.safeParse(item)
  return read.success ? (read.data as ServerFrame) : null
}

const kindOf = (frame: ServerFrame) => (frame.type === 'change' ? frame.change.kind : undefined)

function parse(text: string, maxChars: number): { readonly value: unknown; readonly list: readonly unknown[] } | undefined {
  if (text.length > maxChars) return undefined
  try {
    const value: unknown = JSON.parse(text)
    return { value, list: listOf(value) }
  } catch {
    return undefined
  }
}

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [value])
const isSame = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b)
const wrong = (how: string, text: string, why: string) => new Error(`A text was ${how}: ${why}\n${text.slice(0, 4_000)}`)
