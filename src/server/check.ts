/** Arguments of backend code, checked at the call: what stands in the store must fit every reader's limits (R32). */
import type { Profile } from '../protocol/frames.js'
import { isId } from '../protocol/guards.js'
import * as limits from '../protocol/limits.js'
import { serverLimits } from '../protocol/server-limits.js'
import { isBounded } from '../protocol/walk.js'
import { byteLength } from './bytes.js'
import type { MemberInput } from './hub.js'
import type { HistoryRule, Place } from './store.js'

const historyRules: readonly unknown[] = ['full', 'from-join', undefined] satisfies (HistoryRule | undefined)[]

export function checkId(call: string, name: string, value: unknown): void {
  if (isId(value)) return
  throw new TypeError(`${call}: ${name} must be well-formed text of 1 to ${limits.idChars} characters, but is ${describe(value)}.`)
}

/** The content of a message as readers will see it; a copy, so that the caller may change what was given. */
export function checkContent(call: string, value: unknown): unknown {
  if (value === undefined) throw new TypeError(`${call}: content is missing; give any JSON value, such as { text: "hi" }.`)
  return copyOf(call, 'content', value, limits.contentBytes)
}

/** A copy of a name, a picture, whatever is shown of a user or a conversation. Undefined passes. */
export function checkProfile(call: string, name: string, value: unknown): Profile | undefined {
  if (value === undefined) return undefined
  const copy = copyOf(call, name, value, serverLimits.profileBytes)
  if (typeof copy === 'object' && copy !== null && !Array.isArray(copy)) return copy as Profile
  throw new TypeError(`${call}: ${name} must be an object, such as { name: "Ann" }, but is ${describe(copy)}.`)
}

/** What a server cannot be without. */
export function checkOptions({ store, auth }: { readonly store: unknown; readonly auth: unknown }): void {
  if (typeof (store as { write?: unknown } | undefined)?.write !== 'function')
    throw new TypeError('createChatServer: store must be a store, such as memoryStore() or sqliteStore({ path }).')
  if (typeof auth !== 'function')
    throw new TypeError('createChatServer: auth must be a function that says whom a token speaks for, such as jwtAuth({ key }).')
}

export interface ConversationArguments {
  readonly id: string
  readonly members: readonly (string | MemberInput)[]
  readonly profile?: Profile
  readonly history?: HistoryRule
}

/** What backend code says of a conversation, as the hub takes it. */
export function checkConversation(call: string, tenant: string, { id, members, profile, history }: ConversationArguments) {
  checkId(call, 'id', id)
  if (tenant) checkId(call, 'tenant', tenant)
  if (!Array.isArray(members)) throw new TypeError(`${call}: members must be a list of users, but is ${describe(members)}.`)
  if (!historyRules.includes(history)) throw new TypeError(`${call}: history must be 'full' or 'from-join', but is ${describe(history)}.`)
  const place: Place = { tenant, conversation: id }
  return { ...place, members: members.map((member) => checkMember(call, member)), profile: checkProfile(call, 'profile', profile), history }
}

function checkMember(call: string, member: string | MemberInput): MemberInput {
  const { user, profile } = typeof member === 'object' && member !== null ? member : { user: member }
  checkId(call, 'a member', user)
  return { user, profile: checkProfile(call, "a member's profile", profile) }
}

function copyOf(call: string, name: string, value: unknown, maxBytes: number): unknown {
  const text = textOf(value)
  const bytes = text === undefined ? Infinity : byteLength(text)
  if (text === undefined || bytes > maxBytes)
    throw new TypeError(
      `${call}: ${name} must be JSON of at most ${maxBytes} bytes, but ${text === undefined ? 'is none' : `has ${bytes}`}.`,
    )
  const copy: unknown = JSON.parse(text)
  if (isBounded(copy, limits.contentDepth)) return copy
  throw new TypeError(
    `${call}: ${name} must nest at most ${limits.contentDepth} deep, in lists of at most ${limits.arrayItems} items and objects of at most ${limits.objectKeys} keys, none of them __proto__.`,
  )
}

function textOf(value: unknown): string | undefined {
  try {
    return JSON.stringify(value)
  } catch {
    return undefined
  }
}

function describe(value: unknown): string {
  return typeof value === 'string' ? `text of ${value.length}` : value === null ? 'null' : Array.isArray(value) ? 'a list' : typeof value
}
