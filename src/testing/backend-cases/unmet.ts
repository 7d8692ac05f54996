/** A promise of the protocol that a server did not keep, in sentences: what was expected and what came. */

/** Characters shown of one text. */
const shown = 240

export class UnmetError extends Error {
  readonly expected: string
  readonly came: string

  constructor(expected: string, came: string) {
    super(`expected ${expected}, but ${came}`)
    this.name = 'UnmetError'
    this.expected = expected
    this.came = came
  }
}

/** Thrown by a case that cannot be asked of this server; carries the reason for a reader. */
export class SkipError extends Error {}

/** The beginning of a text, or of what a value is as JSON. */
export function brief(value: unknown, most = shown): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? String(value))
  return text.length > most ? `${text.slice(0, most)}… (${text.length} characters)` : text
}

/** Fails unless it holds. `expected` completes "expected …". */
export function check(holds: boolean, expected: string, came: unknown): asserts holds {
  if (!holds) throw new UnmetError(expected, `it was ${brief(came)}`)
}

/** Equal as JSON, whatever the order of keys. */
export function isSame(a: unknown, b: unknown): boolean {
  return JSON.stringify(sorted(a)) === JSON.stringify(sorted(b))
}

export function same(actual: unknown, expected: unknown, what: string): void {
  check(isSame(actual, expected), `${what} to be ${brief(expected)}`, actual)
}

/** Every field of `fields` is there with that value; `undefined` means that it is absent. */
export function like<T extends object>(actual: T, fields: { readonly [K in keyof T]?: unknown }, what: string): void {
  const held = Object.fromEntries(Object.keys(fields).map((key) => [key, actual[key as keyof T]]))
  const absent = Object.keys(fields).filter((key) => fields[key as keyof T] === undefined)
  const expected = `${what} with ${brief(fields)}${absent.length ? ` and without ${absent.join(', ')}` : ''}`
  check(isSame(held, fields), expected, actual)
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, item]) => [key, sorted(item)]),
  )
}
