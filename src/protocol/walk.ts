/**
 * Text to plain data within bounds, before any guard or schema sees it (R34): a length, a parse, one bounded walk.
 * A key named `__proto__` is out of bounds: an own property of that name turns into a prototype wherever somebody copies
 * by assignment. `constructor` and `prototype` are ordinary data and stay.
 */
import * as limits from './limits.js'

export type Parsed = { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly reason: string }

/** Parses JSON of at most `maxChars` characters (never more than its bytes). Never throws; bounds are not checked yet. */
export function parseText(text: string, maxChars: number): Parsed {
  if (text.length > maxChars) return { ok: false, reason: `a text frame of ${text.length} characters is over the limit of ${maxChars}` }
  try {
    return { ok: true, value: JSON.parse(text) }
  } catch {
    return { ok: false, reason: 'a text frame is not JSON' }
  }
}

/** True when nothing nests deeper than `depth`, no list or object is longer than the limits, no key is `__proto__`. */
export function isBounded(value: unknown, depth: number): boolean {
  return typeof value !== 'object' || value === null || isBoundedObject(value, depth)
}

function isBoundedObject(value: object, depth: number): boolean {
  if (depth === 0) return false
  if (Array.isArray(value)) {
    if (value.length > limits.arrayItems) return false
    for (let i = 0; i < value.length; i++) {
      const item: unknown = value[i]
      if (typeof item === 'object' && item !== null && !isBoundedObject(item, depth - 1)) return false
    }
    return true
  }
  let keys = 0
  for (const key in value) {
    if (++keys > limits.objectKeys || key === '__proto__') return false
    const item: unknown = value[key as never]
    if (typeof item === 'object' && item !== null && !isBoundedObject(item, depth - 1)) return false
  }
  return true
}

/** The value within bounds: copied where it is not, what is too deep or too long becomes `null`, a key `__proto__` is left out. */
export function prune(value: unknown, depth: number): unknown {
  if (isBounded(value, depth)) return value
  if (depth === 0) return null
  if (Array.isArray(value)) return value.length > limits.arrayItems ? null : value.map((item) => prune(item, depth - 1))
  const entries = Object.entries(value as object)
  if (entries.length > limits.objectKeys) return null
  return Object.fromEntries(entries.filter(([key]) => key !== '__proto__').map(([key, item]) => [key, prune(item, depth - 1)]))
}
