/** Custom content: the part of the Standard Schema interface (v1) that chatloom uses, and the check at both ends. */
import * as limits from '../protocol/limits.js'
import { isBounded } from '../protocol/walk.js'
import { assertArgument, chatError, isChatError } from '../ports/errors.js'

/** Any validator that follows standardschema.dev v1: zod, valibot, arktype and others. */
export interface StandardSchema<Output = unknown> {
  readonly '~standard': {
    readonly version: 1
    readonly vendor: string
    readonly validate: (value: unknown) => StandardResult<Output> | Promise<StandardResult<Output>>
    readonly types?: { readonly input: unknown; readonly output: Output } | undefined
  }
}

export type StandardResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly { readonly message: string }[] }

/** Content as it goes to disk and wire, and its size as JSON in UTF-8. */
export interface WrittenContent<C> {
  readonly content: C
  readonly bytes: number
}

const send = 'send'
const utf8 = new TextEncoder()
/** Measures without making anything: what does not fit is too large. */
const room = new Uint8Array(limits.contentBytes)

/**
 * Checks what the application hands in and copies it by way of JSON, so that what is shown, stored and sent is the same,
 * whatever the application does with its own object afterwards. Throws `content-invalid` with the schema's own words, and where
 * the schema would read something else from what it gave; `content-too-large`, and `bad-argument` where the schema is asynchronous.
 */
export function writtenContent<C>(schema: StandardSchema<C> | undefined, content: C): WrittenContent<C> {
  let json: string
  let copy: C
  try {
    const { issues, value } = validated(schema, content)
    if (issues)
      throw chatError('content-invalid', send, undefined, `its content does not fit: ${issues.map(({ message }) => message).join('; ')}.`)
    json = JSON.stringify(value)
    copy = JSON.parse(json)
    // The same schema reads what is stored.
    if (schema && JSON.stringify(validated(schema, copy).value) !== json) throw new TypeError('the schema changes it')
  } catch (cause) {
    throw isChatError(cause) ? cause : chatError('content-invalid', send, cause)
  }
  const { read, written: bytes } = utf8.encodeInto(json, room)
  if (read < json.length) throw chatError('content-too-large', send)
  if (!isBounded(copy, limits.contentDepth)) throw chatError('content-invalid', send)
  return { content: copy, bytes }
}

type Validated<C> = StandardResult<C> & { readonly value?: C }

function validated<C>(schema: StandardSchema<C> | undefined, value: unknown): Validated<C> {
  const result = schema ? schema['~standard'].validate(value) : { value: value as C }
  assertArgument(send, !(result instanceof Promise), 'the schema is asynchronous. Pass another.')
  return result
}

/** What the log holds, as the application's type; raw where it does not fit (R10). */
export function readContent<C>(schema: StandardSchema<C> | undefined, raw: unknown): { content?: C; invalid?: { raw: unknown } } {
  try {
    const { issues, value } = validated(schema, raw)
    if (!issues) return { content: value }
  } catch {}
  return { content: undefined, invalid: { raw } }
}
