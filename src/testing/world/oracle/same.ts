/** Is what a client holds what the store has written? Compared field by field: it is asked of every message that was read from a disk or a text. */

/** As JSON would have it: a field that is undefined is none. */
export function isSame(written: unknown, held: unknown): boolean {
  if (written === held) return true
  if (!isRecord(written) || !isRecord(held) || Array.isArray(written) !== Array.isArray(held)) return false
  for (const key of Object.keys(written)) if (!isSame(written[key], ownOf(held, key))) return false
  return Object.keys(held).every((key) => held[key] === undefined || Object.hasOwn(written, key))
}

type Fields = Readonly<Record<string, unknown>>

const isRecord = (value: unknown): value is Fields => typeof value === 'object' && value !== null

const ownOf = (held: Fields, key: string): unknown => (Object.hasOwn(held, key) ? held[key] : undefined)
