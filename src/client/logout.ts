/**
 * The end of a user on this device (R28, R29): flush for a while, then a new generation stands, so that no instance of
 * before can write again; then what was never sent is read, to be given back, and everything stored goes.
 */
import { put } from '../core/cache/put.js'
import { holdsOwn } from '../core/cache/stored-rows.js'
import { generationKey } from '../core/cache/writes.js'
import { entryFromRow } from '../core/outbox/entry.js'
import type { ChatState } from '../core/state.js'
import type { Storage, Write } from '../ports/storage.js'
import type { OutboxEntry, Readable } from './api.js'
import type { Engine } from './engine.js'
import { chatError } from '../ports/errors.js'
import { entryShown } from './snapshots.js'

/** Cursor row and newest pages of a conversation. */
const newestRows = 8
const what = 'logout'

/** Resolves once `isFlushed`, or when `flushMs` have passed. Called again, nothing goes any more. */
export const flushed = <C>(
  { wait, clock, answer, state }: Engine<C>,
  isFlushed: Readable<boolean>,
  flushMs: number,
  signal?: AbortSignal,
) =>
  wait(what, signal, (key) => {
    if (flushMs <= 0 || state().session.phase === 'closed') return answer(key)
    const cancel = clock.timer(clock.now() + flushMs, () => answer(key))
    const off = isFlushed.subscribe((is) => is && answer(key))
    return () => {
      cancel()
      off()
    }
  })

/** Resolves with what was never sent. Nothing more is sent from here on; called again after it was rejected, it tries the disk again. */
export async function leave<C>(engine: Engine<C>): Promise<readonly OutboxEntry<C>[]> {
  const { clock, end, endOthers, place, state, stopSending, storage } = engine
  const entries = state().conversations.flatMap((conversation) => conversation.entries)
  const own = entries.filter(({ arm, voiding }) => arm.kind !== 'acked' && !voiding)
  const here = own.map((entry) => entryShown<C>(entry, place()?.kind === 'disk'))
  if (!planted.linkKept) stopSending()
  const disk = storage()
  const fence = put(generationKey, null, `${clock.wall()}.${clock.roll()}`)
  const wipe = async (...writes: readonly Write[]) => {
    await disk.commit(writes, { durability: 'strict' })
    // Where memory stands in for a disk, the rows on it are still there.
    if ((place()?.reason ?? 'unavailable') !== 'unavailable' && !planted.memoryWiped) throw place()
  }
  try {
    // Before the reading: what another instance was told is stored is either read here, or was stored never.
    await wipe(fence)
    // What another sends from here on would be given back as well.
    endOthers()
    // What cannot be read cannot be given back, and is not wiped.
    const others = await unsentOfOthers<C>(disk, state())
    if (!planted.wipeForgotten) await wipe({ kind: 'clear', range: { prefix: [] } }, fence)
    await end('logged-out')
    return others.concat(here)
  } catch (cause) {
    stopSending()
    throw chatError('storage-failed', what, cause)
  }
}

/** What other lanes still hold and the stored log does not have. Of the own one, and of what was adopted, memory says what has become. */
async function unsentOfOthers<C>(storage: Storage, { config, disk }: ChatState): Promise<readonly OutboxEntry<C>[]> {
  const unsent: OutboxEntry<C>[] = []
  for (const row of await storage.read({ prefix: ['o'] })) {
    const entry = entryFromRow(row)
    if (!entry || entry.voiding || row.key[2] === config.lane || disk.adopted.includes(entry.localId)) continue
    // A page that cannot be read shows nothing: given back is what might have landed, rather than lost.
    const stored = await storage.read({ prefix: ['m', entry.conversation], reverse: true, limit: newestRows }).catch(() => [])
    if (!holdsOwn(stored, entry.localId, config.user)) unsent.push(entryShown(entry, true))
  }
  return unsent
}
