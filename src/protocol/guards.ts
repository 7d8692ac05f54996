/**
 * Hand-written guards for the parts of frames that a server sends: the client's hot path, without a schema library.
 * They read and never rebuild; fields not known here are let through (docs/protocol.md, versions).
 * A property test holds them equal to `schemas.ts`, which is the definition.
 */
import type { HiddenRange, InboxRow, Mark, Marked, Member, MessageRow, OwnChange, Person, Unread } from './frames.js'
import { limits } from './limits.js'

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

export function isCursor(value: unknown): value is string {
  return typeof value === 'string' && value.length <= limits.cursorChars
}

export function isListOf<T>(value: unknown, isItem: (item: unknown) => item is T): value is readonly T[] {
  if (!Array.isArray(value)) return false
  for (let i = 0; i < value.length; i++) if (!isItem(value[i])) return false
  return true
}

/** Absent, or as `is` says. */
export function isMaybe<T>(value: unknown, is: (value: unknown) => value is T): value is T | undefined {
  return value === undefined || is(value)
}

export function isRow(value: unknown): value is MessageRow {
  return (
    isFields(value) &&
    isId(value.id) &&
    isCount(value.seq) &&
    isCount(value.index) &&
    isCount(value.rev) &&
    isTime(value.at) &&
    isId(value.author) &&
    isMaybe(value.localId, isId) &&
    (value.deleted === undefined || value.deleted === true)
  )
}

export function isPerson(value: unknown): value is Person {
  return isFields(value) && isId(value.user) && isFields(value.profile)
}

export function isMember(value: unknown): value is Member {
  return isFields(value) && isId(value.user) && isCount(value.joined)
}

export function isMarked(value: unknown): value is Marked {
  return isFields(value) && isCount(value.at) && isCount(value.rev)
}

export function isMark(value: unknown): value is Mark {
  return isFields(value) && isId(value.user) && isCount(value.delivered) && isCount(value.read) && isMaybe(value.marked, isMarked)
}

export function isHidden(value: unknown): value is HiddenRange {
  return isFields(value) && isCount(value.from) && isCount(value.to) && isCount(value.messages)
}

export function isOwn(value: unknown): value is OwnChange {
  return isFields(value) && isId(value.localId) && isCount(value.seq)
}

export function isUnread(value: unknown): value is Unread {
  return isFields(value) && isCount(value.count) && typeof value.more === 'boolean'
}

export function isInboxRow(value: unknown): value is InboxRow {
  return (
    isFields(value) &&
    isId(value.conversation) &&
    isId(value.epoch) &&
    isCount(value.rev) &&
    isCount(value.head) &&
    isMaybe(value.last, isRow) &&
    isUnread(value.unread) &&
    isCount(value.read) &&
    isFields(value.profile) &&
    isListOf(value.people, isPerson)
  )
}
