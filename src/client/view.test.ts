/** Which messages a view makes anew: only those of which something changed, whatever became of the window. */
import { describe, expect, it } from 'vitest'
import { noReceipts } from '../core/receipts.js'
import type { ConversationState, Window } from '../core/state.js'
import type { MessageRow } from '../protocol/frames.js'
import { messages } from './messages.js'
import { viewMaker } from './view.js'

const row = (seq: number, author = 'ann', rev = seq): MessageRow => ({ id: `m${seq}`, seq, index: seq, rev, at: seq, author, content: rev })
const members = ['me', 'ann'].map((user) => ({ user, joined: 0 }))

/** What a view shows of is given; the rest does not matter. */
function conversation(rows: readonly MessageRow[], stem = rows, read = 0): ConversationState {
  const from = (rows[0]?.seq ?? 1) - 1
  const to = rows.at(-1)?.seq ?? 0
  const tail: Window = { rows, stem, from, to }
  const marks = new Map([['ann', { delivered: read, read }]])
  const log = { state: 'ready', epoch: 'e', head: to, floor: 0, view: null, tail, members, memberCount: 2, liveOn: 1 }
  return { id: 'c', log, ahead: [], entries: [], receipts: { ...noReceipts, marks } } as unknown as ConversationState
}

function viewing() {
  const view = viewMaker('me', messages('me', undefined))
  return (of: ConversationState) => view(of, true).messages
}

describe('what failed (R18)', () => {
  it('stands behind what was newest when it failed, whichever was sent first', () => {
    const rows = [row(1), row(2), row(3), row(4)]
    const entries = [3, 1, 3].map((behind, n) => ({ localId: `f${n}`, arm: { kind: 'failed', code: 'rejected', final: true, behind } }))
    const shown = viewing()({ ...conversation(rows), entries } as unknown as ConversationState)
    expect(shown.map(({ key }) => key)).toEqual(['m1', 'f1', 'm2', 'm3', 'f0', 'f2', 'm4'])
  })
})

describe('messages keep their object', () => {
  const rows = [row(1), row(2, 'me'), row(3), row(4)]

  it('while rows are appended', () => {
    const shown = viewing()
    const before = shown(conversation(rows))
    const after = shown(conversation([...rows, row(5)], rows))
    expect(after.map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5])
    for (const [i, message] of before.entries()) expect(after[i]).toBe(message)
  })

  it('while one in the middle is changed', () => {
    const shown = viewing()
    const before = shown(conversation(rows))
    const after = shown(conversation(rows.with(2, row(3, 'ann', 9))))
    expect(after.map((message, i) => message === before[i])).toEqual([true, true, false, true])
    expect(after[2]).toMatchObject({ key: 'm3', rev: 9 })
  })

  it('while older ones come or go', () => {
    const shown = viewing()
    const some = shown(conversation(rows.slice(2)))
    const all = shown(conversation(rows))
    expect(all.slice(2)).toEqual(some)
    expect(all[2]).toBe(some[0])
    const rest = shown(conversation(rows.slice(1)))
    expect(rest.map((message, i) => message === all[i + 1])).toEqual([true, true, true])
  })

  it('while watermarks move past messages of others', () => {
    const shown = viewing()
    const before = shown(conversation(rows))
    const after = shown(conversation(rows, rows, 4))
    expect(after.map((message, i) => message === before[i])).toEqual([true, false, true, true])
    expect(after[1]).toMatchObject({ mine: true, status: 'read' })
    expect(shown(conversation(rows, rows, 4))).toBe(after)
  })
})

it('L4: a window begun anew shows nothing of the one before, though both have grown from the same', () => {
  const nothing: readonly MessageRow[] = []
  const shown = viewing()
  shown(conversation([row(1), row(2)], nothing))
  expect(shown(conversation(nothing, nothing))).toEqual([])
  shown(conversation([row(1), row(2)], nothing))
  const other = { ...row(1), id: 'other' }
  expect(shown(conversation([other], nothing)).map(({ id }) => id)).toEqual(['other'])
})
