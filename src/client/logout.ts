/**
 * The end of a user on this device (R28, R29): flush for a while, then a new generation stands, so that no instance of
 * before can write again; then what was never sent is read, to be given back, and everything stored goes.
 */
import { entryFromRow } from '../core/outbox/entry.js'
import { holdsOwn } from '../core/cache/stored-rows.js'
import type { ChatState } from '../core/state.js'
import type { Clock } from '../ports/clock.js'
import type { Row, Storage, Write } from '../ports/storage.js'
import type { OutboxEntry } from './api.js'
import { aborted } from './calls.js'
import { ChatError } from './errors.js'
import type { Shell } from './shell.js'

/** Cursor row and newest pages of a conversation. */
const newestRows = 8

export interface LogoutParts<C> {
  readonly shell: Shell
  readonly clock: Clock
  readonly flushMs: number
  readonly signal: AbortSignal | undefined
  readonly storage: () => Storage
  readonly outbox: () => readonly OutboxEntry<C>[]
  /** Other instances of this user are told. */
  readonly tell: () => void
}

export async function logout<C>(parts: LogoutParts<C>): Promise<readonly OutboxEntry<C>[]> {
  await flushed(parts)
  const here = parts.outbox().filter((entry) => entry.status !== 'sent')
  parts.shell.dispatch({ kind: 'close' })
  parts.shell.stop()
  const storage = parts.storage()
  const row = { key: ['g'], version: `${parts.clock.wall()}.${parts.clock.roll()}`, value: null }
  const fence: Write = { kind: 'put', row }
  // Before the reading: what another instance was told is stored is either read here, or was stored never.
  await wiping(storage.commit([fence], { durability: 'strict' }))
  const others = await unsentOfOthers<C>(storage, parts.shell.state())
  await wiping(storage.commit([{ kind: 'clear', range: { prefix: [] } }, fence], { durability: 'strict' }))
  parts.tell()
  return [...others, ...here]
}

/** Nothing more is sent either way; called again, a logout tries the disk again. */
function wiping(commit: Promise<void>): Promise<void> {
  return commit.catch((cause: unknown) => {
    const text = 'The user was not logged out: stored data could not be wiped. Call logout() again, or delete the site data.'
    throw new ChatError('storage-failed', text, { retry: 'later', cause })
  })
}

/** What lanes of other instances still hold and the stored log does not have. Own lanes are what memory says. */
async function unsentOfOthers<C>(storage: Storage, { config, disk }: ChatState): Promise<readonly OutboxEntry<C>[]> {
  const own = new Set([config.lane, ...disk.adopted])
  const rows = await storage.read({ prefix: ['o'] }).catch((): readonly Row[] => [])
  const entries = rows.filter((row) => !own.has(row.key[2] as string)).flatMap((row) => entryFromRow(row) ?? [])
  const unsent: OutboxEntry<C>[] = []
  for (const { localId, conversation, content, attempts, voiding } of entries) {
    const stored = await storage.read({ prefix: ['m', conversation], reverse: true, limit: newestRows }).catch((): readonly Row[] => [])
    if (voiding || holdsOwn(stored, localId, config.user)) continue
    unsent.push({ localId, conversation, content: content as C, status: 'queued', durable: true, attempts })
  }
  return unsent
}

/** Resolves when nothing is unsent, or after `flushMs`. */
function flushed<C>({ shell, clock, flushMs, signal, outbox }: LogoutParts<C>): Promise<void> {
  const isEmpty = () => outbox().every((entry) => entry.status === 'sent' || entry.status === 'failed')
  if (signal?.aborted) return Promise.reject(aborted('The user was not logged out', signal))
  if (flushMs <= 0 || isEmpty() || shell.state().session.phase === 'closed') return Promise.resolve()
  const untilMs = clock.now() + flushMs
  return new Promise((resolve, reject) => {
    const look = () => {
      if (signal?.aborted) reject(aborted('The user was not logged out', signal))
      else if (shell.state().session.phase === 'closed')
        reject(new ChatError('closed', 'The user was not logged out: the chat was closed.'))
      else if (isEmpty() || clock.now() >= untilMs) resolve()
      else clock.timer(Math.min(untilMs, clock.now() + 50), look)
    }
    look()
  })
}
