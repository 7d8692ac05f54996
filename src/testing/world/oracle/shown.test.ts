/** What may be shown to somebody who was removed and has come back. */
import { describe, expect, it } from 'vitest'
import type { MessageRow } from '../../../protocol/frames.js'
import { type Journal, journal } from '../journal.js'
import type { Content } from '../tab.js'
import { checkShown } from './shown.js'
import { type Truth, truthOf } from './truth.js'

const room = 'c'
const founders = ['ann', 'bob'] as const

function log() {
  const told = journal(false)
  const truth = truthOf(told, () => undefined)
  let head = 0
  let messages = 0
  const put = (history: 'all' | 'from-join') => truth.conversation({ conversation: room, epoch: 'e', head, history })
  const change = (message: number) => truth.change(room, { seq: ++head, tag: `t${head}`, message })
  const seat = (user: string, active: boolean) => truth.seat(room, { user, active, delivered: 0, read: 0, marked: { at: 0, rev: 0 } })
  put('all')
  for (const user of founders) seat(user, true)
  return {
    truth,
    told,
    put,
    say() {
      truth.message(room, rowAt(head + 1, messages++))
      change(head + 1)
    },
    member(user: string, active: boolean) {
      change(0)
      seat(user, active)
    },
  }
}

const rowAt = (seq: number, index: number): MessageRow => ({
  seq,
  index,
  rev: seq,
  id: `m${seq}`,
  author: 'ann',
  at: 0,
  content: { text: `${seq}` },
})

/** What the oracle says of a reader who is at this head and is shown these places. */
function breachOf({ truth, told }: { truth: Truth; told: Journal }, head: number, places: readonly number[]) {
  const messages = places.map((seq) => {
    const { rev, id, author, at, content } = rowAt(seq, 0) as MessageRow & { content: Content }
    return { key: id, id, seq, rev, author, mine: false, at, content, status: 'sent', finality: 'final' } as const
  })
  const view = { messages, gaps: [], hasOlder: false, hasNewer: false, atLatest: true, state: 'ready' } as const
  checkShown(told, truth, { who: 'bob01', user: 'bob', room, view, at: { epoch: 'e', head, tag: `t${head}` }, outbox: [] }, new Set())
  return told.breach()?.invariant
}

/** 1 is said, 2 is the removal, 3 and 4 are said. */
function removed() {
  const made = log()
  made.say()
  made.member('bob', false)
  made.say()
  made.say()
  return made
}

/** 5 is the return. */
function returned(history: 'all' | 'from-join') {
  const made = removed()
  made.put(history)
  made.member('bob', true)
  return made
}

describe('the past of a member who has come back (L4)', () => {
  it('is hidden before the return', () => {
    expect(breachOf(removed(), 3, [1, 3])).toBe('nothing-after-removal')
  })

  it('may come in parts of which the first ends before the return that opens it', () => {
    expect(breachOf(returned('all'), 3, [1, 3])).toBe(undefined)
  })

  it('is whole once the head is there', () => {
    expect(breachOf(returned('all'), 5, [1, 3, 4])).toBe(undefined)
    expect(breachOf(returned('all'), 5, [1, 4])).toBe('no-silent-hole')
    expect(breachOf(returned('all'), 5, [1, 3])).toBe('no-silent-hole')
    expect(breachOf(returned('all'), 5, [3, 4])).toBe('no-silent-hole')
  })

  it('stays hidden where the return does not open it', () => {
    expect(breachOf(returned('from-join'), 3, [1, 3])).toBe('nothing-after-removal')
    expect(breachOf(returned('from-join'), 5, [1, 3, 4])).toBe('nothing-after-removal')
    expect(breachOf(returned('from-join'), 5, [1])).toBe(undefined)
  })

  it('may still be shown from a part when a backup under the same epoch has taken the return back', () => {
    const made = returned('all')
    made.truth.restored({ conversation: room, epoch: 'e', head: 4, history: 'all' }, [], false)
    expect(breachOf(made, 3, [1, 3])).toBe(undefined)
  })
})
