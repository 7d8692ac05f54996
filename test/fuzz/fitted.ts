/** A lie told by one who knows what the client holds: it names the present epoch, the next place, the request under way. */
import type { ChatState } from '../../src/core/state.js'
import { isFields } from '../../src/protocol/guards.js'
import type { Chance } from '../../src/testing/world/chance.js'

type Fields = Record<string, unknown>

/** The frame with the fields that it has, mostly, as the client waits for them. Its rows follow what is held. */
export function fitted(frame: object, { conversations, inbox }: ChatState, chance: Chance): object {
  const followed = conversations.filter(({ log }) => log.epoch !== '')
  if (followed.length === 0) return frame
  const { id, log, entries } = chance.pick(followed)
  const { head, epoch, tail, catchUp, load } = log
  const index = (tail.rows.at(-1)?.index ?? -1) + 1
  const entry = entries[0]
  const place = { seq: head + 1, rev: head + 1, index }
  const waited: Fields = {
    conversation: id,
    epoch,
    request: catchUp?.request ?? load?.id ?? inbox.request,
    seq: head + 1,
    from: load ? load.seq - 4 : head,
    to: load ? load.seq : head + chance.int(0, 3),
    asOf: head,
    prev: inbox.cursor,
    localId: entry?.localId,
    try: entry?.attempts,
  }
  const aligned = (fields: unknown, known: Fields): unknown => {
    if (!isFields(fields)) return fields
    const changed = Object.entries(known).filter(([name, value]) => name in fields && value !== undefined && chance.hit(0.85))
    return { ...fields, ...Object.fromEntries(changed) }
  }
  const made = { ...(aligned(frame, waited) as object) } as Fields & { change?: { message?: unknown }; rows?: unknown }
  const { change, rows } = made
  if (change?.message) made.change = { ...change, message: aligned(change.message, place) }
  const first = load ? load.seq - 3 : head + 1
  if (Array.isArray(rows) && chance.hit(0.8))
    made.rows = rows.map((row, i) => aligned(row, { seq: first + i, rev: first + i, index: index + first - head - 1 + i }))
  return made
}
