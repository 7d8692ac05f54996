/** Custom content: the part of the Standard Schema interface (v1) that chatloom uses, and the check at both ends. */
import { limits } from '../protocol/limits.js'
import { isBounded } from '../protocol/walk.js'
import { ChatError } from './errors.js'

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

/** Checks what the application hands in. Throws `content-invalid` with the schema's own words. */
export function checkedContent<C>(schema: StandardSchema<C> | undefined, content: C): C {
  assertJson(content)
  if (!schema) return content
  const result = validated(schema, content)
  if (!result.issues) {
    assertJson(result.value)
    return result.value
  }
  const issues = result.issues.map((issue) => issue.message).join('; ')
  throw new ChatError('content-invalid', `The message was not sent: its content does not fit the schema (${issues}).`)
}

/** What no frame can carry would end every link that tries. */
function assertJson(content: unknown): void {
  if (jsonOf(content) === undefined) {
    throw new ChatError('content-invalid', 'The message was not sent: its content cannot be written as JSON. Pass plain data.')
  }
  if (!isBounded(content, limits.contentDepth)) {
    throw new ChatError(
      'content-invalid',
      `The message was not sent: its content nests deeper than ${limits.contentDepth} levels or has a list over ${limits.arrayItems} items. Send a reference.`,
    )
  }
}

function jsonOf(content: unknown): string | undefined {
  try {
    return JSON.stringify(content)
  } catch {
    return undefined
  }
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
