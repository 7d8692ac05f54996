/** Whether a stored cursor may go back, and what it must hold of what left the outbox. */
import { expect, it } from 'vitest'
import type { Row } from '../../../ports/storage.js'
import type { MessageRow } from '../../../protocol/frames.js'
import { journal } from '../journal.js'
import { checkStored, type Cursors } from './stored.js'
import { truthOf } from './truth.js'

const room = 'c'
const cursorKey = ['m', room, Number.MAX_SAFE_INTEGER]

const rowAt = (seq: number): MessageRow => ({
  seq,
  index: seq - 1,
  rev: seq,
  id: `m${seq}`,
  author: 'ann',
  localId: `l${seq}`,
  at: 0,
  content: 1,
})
const upTo = (head: number) => Array.from({ length: head }, (_, i) => rowAt(i + 1))

/** All that is stored at this head: these rows. */
const cacheAt = (head: number, rows = upTo(head)): Row => {
  return { key: cursorKey, version: `v${head}`, value: { epoch: 'e', head, tag: `t${head}`, first: 0, from: 0, rows } }
}

/** What the oracle says when the disk of ann, whose log has five messages, holds these one after the other. */
function breachOf(
  isCapped: boolean,
  looks: readonly Row[],
  promised: readonly string[] = [],
  wentBackTo = 0,
  renewed: readonly string[] = [],
) {
  const told = journal(false)
  const truth = truthOf(told, () => undefined)
  truth.conversation({ conversation: room, epoch: 'e', head: 0, history: 'full' })
  truth.seat(room, { user: 'ann', active: true, delivered: 0, read: 0, marked: { at: 0, rev: 0 } })
  for (const row of upTo(5)) {
    const heading = { conversation: room, epoch: 'e', head: wentBackTo, history: 'full' }
    if (row.seq === wentBackTo + 1 && wentBackTo > 0) truth.restored(heading, [], false)
    truth.message(room, row)
    truth.change(room, { seq: row.seq, tag: `t${row.seq}`, message: row.seq })
  }
  let before: Cursors = new Map()
  for (const row of looks) {
    const kept = { promised: new Map(promised.map((localId) => [localId, room])), discarded: new Set<string>() }
    const may = { mayDrop: isCapped, isCapped, renewed: new Set(renewed), isSpoilt: () => false, release: () => {}, authorOf: () => 'ann' }
    before = checkStored({ journal: told, truth, user: 'ann', rows: [row], before, ...kept, ...may })
  }
  return told.breach()?.invariant
}

it.each<[string, isCapped: boolean, looks: readonly Row[], breach?: string]>([
  ['goes back', false, [cacheAt(5), cacheAt(4)], 'cursor-behind-rows'],
  ['begins anew where a tab above its cap has cleared it', true, [cacheAt(5), cacheAt(4)]],
  ['begins anew without a row that it covers', true, [cacheAt(5), cacheAt(4, [rowAt(4)])], 'cursor-behind-rows'],
])('a stored cursor that %s', (_, isCapped, looks, breach) => {
  expect(breachOf(isCapped, looks)).toBe(breach)
})

it.each<[string, isCapped: boolean, localId: string, head: number, wentBackTo: number, renewed: readonly string[], breach?: string]>([
  ['the cursor holds it', false, 'l5', 5, 0, []],
  ['the cursor is below it', false, 'l5', 4, 0, [], 'acked-stays'],
  ['the cursor is below it, and the line went back', false, 'l5', 4, 3, [], 'acked-stays'],
  ['the cursor is below it, and a tab was told that its line went back, which it did not', false, 'l5', 4, 0, [room], 'acked-stays'],
  ['a tab was told late that the line went back, and wrote it anew', false, 'l5', 4, 3, [room]],
  ['a tab that is behind wrote what it has after the cap', true, 'l5', 4, 0, []],
  ['a disk is capped, and it never landed', true, 'l6', 4, 0, [], 'acked-stays'],
])('what left the outbox where %s', (_, isCapped, localId, head, wentBackTo, renewed, breach) => {
  expect(breachOf(isCapped, [cacheAt(head)], [localId], wentBackTo, renewed)).toBe(breach)
})
