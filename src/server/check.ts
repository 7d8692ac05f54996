/** Arguments of backend code, checked at the call: what stands in the store must fit every reader's limits (R32). */
import { byteLength } from './bytes.js'
import { isId } from '../protocol/guards.js'
import { limits } from '../protocol/limits.js'

export function checkId(call: string, name: string, value: unknown): void {
  if (isId(value)) return
  throw new TypeError(`${call}: ${name} must be well-formed text of 1 to ${limits.idChars} characters, but is ${describe(value)}.`)
}

/** Undefined passes. */
export function checkJson(call: string, name: string, value: unknown, maxBytes: number): void {
  if (value === undefined) return
  const text: string | undefined = JSON.stringify(value)
  const bytes = text === undefined ? Infinity : byteLength(text)
  if (bytes > maxBytes) throw new TypeError(`${call}: ${name} must be JSON of at most ${maxBytes} bytes, but has ${bytes}.`)
}

function describe(value: unknown): string {
  return typeof value === 'string' ? `text of ${value.length}` : typeof value
}
