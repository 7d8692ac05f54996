/**
 * One own operation on its way (R11–R16).
 *
 *   saving ──committed──▶ queued ──transmit──▶ inflight ──ack──▶ acked ──the log reaches it──▶ (gone)
 *      ▲                    ▲  ◀─link lost, passing rejection, deadline──┘
 *      └──── retry ──── failed ◀── final rejection, ten failures alone
 *
 * An echo or a catch-up settles an entry in every arm. An entry once handed to a link has an unknown fate (R13):
 * it is never dropped; taking it back sends `void` under its id, in its place. Where a second try may be a second message
 * (no `idempotent`) it is not tried again: queued and `uncertain`, it fails once the log has been read without it (R31).
 */
import type { Key, Row, Write } from '../../ports/storage.js'
import type { ClientFrame, MessageRow } from '../../protocol/frames.js'
import { isFields, isId } from '../../protocol/guards.js'
import { put } from '../cache/put.js'

export type Arm =
  | { readonly kind: 'saving' }
  /** `waits`: not while the one before it is in flight (R12). `uncertain`: nobody has said whether it landed before (R13). */
  | { readonly kind: 'queued'; readonly notBeforeMs: number; readonly waits?: boolean; readonly uncertain?: boolean }
  | { readonly kind: 'inflight'; readonly link: number; readonly deadlineMs: number }
  /** `link`: on which it was said; an older server's word counts only once the log has been asked again. */
  | { readonly kind: 'acked'; readonly seq: number; readonly epoch: string; readonly link: number; readonly message?: MessageRow }
  /** `behind`: the head when it failed, its place in the view (R18). `final`: a `void` would gain nothing. */
  | { readonly kind: 'failed'; readonly code: string; readonly final: boolean; readonly behind: number }

export interface Entry {
  readonly localId: string
  readonly conversation: string
  /** Its place on disk: conversation, lane and counter (R16). */
  readonly key: Key
  readonly content: unknown
  readonly bytes: number
  /** Milliseconds since 1970 by the device. */
  readonly at: number
  /** When `send` was called, for the metric; -1 after a reload. */
  readonly madeMs: number
  readonly arm: Arm
  readonly attempts: number
  /** Was it ever handed to a link, as far as is known here? After a reload nobody knows, nor where another instance may have it. */
  readonly handed: boolean
  /** Being taken back. */
  readonly voiding: boolean
  /** Its row on disk says what stands here. */
  readonly stored: boolean
  /** Failures while others settled, and how many had settled at the last one (R14). */
  readonly alone: number
  readonly settledThen: number
}

export const queuedNow: Arm = { kind: 'queued', notBeforeMs: 0 }
/** The same, of what may have landed. */
export const uncertain: Arm = { kind: 'queued', notBeforeMs: 0, uncertain: true }

/** Handed over, and not yet in the log. */
export function isUnsettled({ arm }: Entry): boolean {
  return arm.kind === 'inflight' || arm.kind === 'acked'
}

/** The row from which a reload makes the entry again. */
export function entryWrite(entry: Entry): Write {
  const { key, localId, content, bytes, at, voiding, attempts, arm } = entry
  return put(key, { localId, content, bytes, at, voiding, attempts, failed: arm.kind === 'failed' ? arm : null }, localId)
}

/** The write by which it leaves the disk. */
export function entryRemoval({ key }: Entry): Write {
  return { kind: 'remove', key }
}

/** An entry as the disk has it, or nothing for a row that is not one. */
export function entryFromRow({ key, value }: Row): Entry | null {
  const [, conversation, , n] = key
  if (!isFields(value) || typeof conversation !== 'string' || typeof n !== 'number') return null
  const { localId, content, bytes, at, attempts, voiding, failed } = value
  if (!isId(localId) || content === undefined) return null
  return {
    localId,
    conversation,
    key,
    content,
    bytes: numberOr0(bytes),
    at: numberOr0(at),
    madeMs: -1,
    arm: isFields(failed)
      ? { kind: 'failed', code: String(failed.code), final: failed.final === true, behind: numberOr0(failed.behind) }
      : uncertain,
    attempts: numberOr0(attempts),
    handed: true,
    voiding: voiding === true,
    stored: true,
    alone: 0,
    settledThen: 0,
  }
}

function numberOr0(value: unknown): number {
  return typeof value === 'number' ? value : 0
}

/** The entry with some of it changed. A copy first: to spread two records into one costs many times more. */
export function withChange(entry: Entry, change: Partial<Entry>): Entry {
  return Object.assign({ ...entry }, change)
}

/** The frame that asks for it. `after` is chosen now and never stored (R12). */
export function operationFrame(entry: Entry, after: string | undefined): ClientFrame {
  return {
    type: 'operation',
    conversation: entry.conversation,
    localId: entry.localId,
    try: entry.attempts,
    after,
    operation: entry.voiding ? { kind: 'void' } : { kind: 'send', content: entry.content },
  }
}

/** The message of an entry where the server has not said what it stored. */
export function rowOf({ localId, at, content, arm }: Entry, author: string): MessageRow {
  const seq = arm.kind === 'acked' ? arm.seq : 0
  return { id: localId, seq, index: 0, rev: seq, at, author, localId, content }
}
