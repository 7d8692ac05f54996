/**
 * Guards for the parts of frames that a server sends, without a schema library.
 * They read and never rebuild; fields not known here are let through (docs/protocol.md, versions).
 * A property test holds them equal to `schemas.ts`, which is the definition.
 */
import type { Marked, MessageRow, Person } from './frames.js'
import * as limits from './limits.js'

/** Says of data of which nothing is known yet whether it is a `T`. */
export type Is<T> = (value: unknown) => value is T

/** What a guard asks of each field of a `T`. */
export type Shape<T> = { readonly [Field in keyof T]-?: Is<T[Field]> }

/** Plain data of which nothing is known yet. */
export type Fields = { readonly [key: string]: unknown }

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** A seq, an index, a count: 0 or more, exact. */
export function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0
}

/** Milliseconds, of a clock or of a wait; fractions are allowed. */
export function isTime(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && value <= Number.MAX_SAFE_INTEGER
}

type Testable = { isWellFormed?(): boolean }

/** Half of a surrogate pair turns into another id in UTF-8. An old browser cannot tell; every server can. */
export function isTag(value: unknown): value is string {
  return typeof value === 'string' && value.length <= limits.idChars && (value as Testable).isWellFormed?.() !== false
}

export function isId(value: unknown): value is string {
  return value !== '' && isTag(value)
}

export function isFlag(value: unknown): value is boolean {
  return typeof value === 'boolean'
}

/** Absent, or as `is` says. */
export function maybe<T>(is: Is<T>): Is<T | undefined> {
  return (value): value is T | undefined => value === undefined || is(value)
}

export function listOf<T>(is: Is<T>): Is<readonly T[]> {
  return (value): value is readonly T[] => Array.isArray(value) && value.every(is)
}

/** A record with such fields; others are let through. */
export function recordOf<T>(shape: Shape<T>): Is<T> {
  const fields = Object.entries<Is<unknown>>(shape)
  return (value): value is T => isFields(value) && fields.every(([field, is]) => is(value[field]))
}

/** Written out: it is asked once per message. */
export function isRow(value: unknown): value is MessageRow {
  return (
    isFields(value) &&
    isId(value.id) &&
    isCount(value.seq) &&
    isCount(value.index) &&
    isCount(value.rev) &&
    isTime(value.at) &&
    isId(value.author) &&
    (value.localId === undefined || isId(value.localId)) &&
    (value.deleted === undefined || value.deleted === true)
  )
}

export const isMarked = recordOf<Marked>({ at: isCount, rev: isCount })

export const arePeople = listOf(recordOf<Person>({ user: isId, profile: isFields }))
