/** Custom content: the part of the Standard Schema interface (v1) that chatloom uses, and the check at both ends. */
import { limits } from '../protocol/limits.js'
import { isBounded } from '../protocol/walk.js'
import { ChatError, isChatError } from './errors.js'

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

/**
 * Checks what the application hands in and copies it by way of JSON, so that what is shown, stored and sent is the same,
 * whatever the application does with its own object afterwards. Throws `content-invalid` with the schema's own words,
 * `content-too-large`, and `bad-argument` where the schema is asynchronous.
 */
export function writtenContent<C>(schema: StandardSchema<C> | undefined, content: C): WrittenContent<C> {
  const json = jsonOf(schema ? fitting(schema, content) : content)
  const bytes = utf8.encode(json).length
  if (bytes > limits.contentBytes) {
    throw new ChatError(
      'content-too-large',
      `${notSent}: its content has ${bytes} bytes, more than ${limits.contentBytes}. Shorten it, or send a reference.`,
    )
  }
  const copy: unknown = JSON.parse(json)
  if (isBounded(copy, limits.contentDepth)) return { content: copy as C, bytes }
  const { contentDepth, arrayItems, objectKeys } = limits
  throw new ChatError(
    'content-invalid',
    `${notSent}: its content nests deeper than ${contentDepth} levels, has a list of over ${arrayItems} items, an object of over ${objectKeys} keys or a key \`__proto__\`. Make it flatter, or send a reference.`,
  )
}

const notSent = 'The message was not sent'
const utf8 = new TextEncoder()

function fitting<C>(schema: StandardSchema<C>, content: C): C {
  const result = checked(schema, content)
  if (!result.issues) return result.value
  const issues = result.issues.map((issue) => issue.message).join('; ')
  throw new ChatError('content-invalid', `${notSent}: its content does not fit the schema (${issues}).`)
}

function checked<C>(schema: StandardSchema<C>, content: C): StandardResult<C> {
  try {
    return validated(schema, content)
  } catch (cause) {
    if (isChatError(cause)) throw cause
    throw new ChatError('content-invalid', `${notSent}: the schema failed while it checked the content. See the cause.`, { cause })
  }
}

function jsonOf(content: unknown): string {
  try {
    const json: string | undefined = JSON.stringify(content)
    if (json !== undefined) return json
  } catch (cause) {
    throw new ChatError('content-invalid', `${notSent}: its content cannot be written as JSON. Pass plain data.`, { cause })
  }
  throw new ChatError('content-invalid', `${notSent}: its content is nothing that JSON knows. Pass plain data.`)
}

function validated<C>(schema: StandardSchema<C>, value: unknown): StandardResult<C> {
  const result = schema['~standard'].validate(value)
  if (result instanceof Promise) {
    throw new ChatError('bad-argument', 'Content cannot be checked: the schema validates asynchronously. Pass a synchronous schema.')
  }
  return result
}

/** What the log holds, as the application's type; raw where it does not fit (R10). */
export function readContent<C>(schema: StandardSchema<C>, raw: unknown): { content: C | undefined; invalid?: { raw: unknown } } {
  const invalid = { content: undefined, invalid: { raw } }
  try {
    const result = validated(schema, raw)
    return result.issues ? invalid : { content: result.value }
  } catch {
    return invalid
  }
}
