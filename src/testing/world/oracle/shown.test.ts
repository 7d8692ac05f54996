/** What may be shown to somebody who was removed and has come back. */
import { describe, expect, it } from 'vitest'
import type { MessageRow } from '../../../protocol/frames.js'
import { noReceipts } from '../../../core/receipts.js'
import { type Journal, journal } from '../journal.js'
import type { Content } from '../tab.js'
import type { Shown } from './seen.js'
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

type Messages = Shown['view']['messages']

const messageAt = (seq: number) => {
  const { rev, id, author, at, content } = rowAt(seq, 0) as MessageRow & { content: Content }
  return { key: id, id, seq, rev, author, mine: false, at, content, status: 'sent', finality: 'final' } as const
}

/** What the oracle says of a reader who is at this head and is shown this. */
function breachOf({ truth, told }: { truth: Truth; told: Journal }, head: number, messages: Messages, more: Partial<Shown> = {}) {
  const view = { messages, gaps: [], hasOlder: false, hasNewer: false, atLatest: true, state: 'ready' } as const
  const tail = { rows: [], stem: [], from: 0, to: head }
  const at = { epoch: 'e', head, tag: `t${head}`, floor: 0, tail, view: null, members: [] }
  const receipts = { ...noReceipts, marks: new Map([['bob', { delivered: head, read: head }]]) }
  const shown = { who: 'bob01', user: 'bob', room, view, at, outbox: [], entries: [], ahead: [], receipts, ...more }
  checkShown(told, truth, shown, (localId) => births.get(localId))
  return told.breach()?.invariant
}

const breachAt = (made: { truth: Truth; told: Journal }, head: number, places: readonly number[]) =>
  breachOf(made, head, places.map(messageAt))

const births = new Map(['a', 'b'].map((localId, n) => [localId, { room, user: 'bob', lane: 'l', n }]))

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
    expect(breachAt(removed(), 3, [1, 3])).toBe('nothing-after-removal')
  })

  it('may come in parts of which the first ends before the return that opens it', () => {
    expect(breachAt(returned('all'), 3, [1, 3])).toBe(undefined)
  })

  it('is whole once the head is there', () => {
    expect(breachAt(returned('all'), 5, [1, 3, 4])).toBe(undefined)
    expect(breachAt(returned('all'), 5, [1, 4])).toBe('no-silent-hole')
    expect(breachAt(returned('all'), 5, [1, 3])).toBe('no-silent-hole')
    expect(breachAt(returned('all'), 5, [3, 4])).toBe('no-silent-hole')
  })

  it('stays hidden where the return does not open it', () => {
    expect(breachAt(returned('from-join'), 3, [1, 3])).toBe('nothing-after-removal')
    expect(breachAt(returned('from-join'), 5, [1, 3, 4])).toBe('nothing-after-removal')
    expect(breachAt(returned('from-join'), 5, [1])).toBe(undefined)
  })

  it('may still be shown from a part when a backup under the same epoch has taken the return back', () => {
    const made = returned('all')
    made.truth.restored({ conversation: room, epoch: 'e', head: 4, history: 'all' }, [], false)
    expect(breachAt(made, 3, [1, 3])).toBe(undefined)
  })
})

/** Own ones that wait, as the outbox, the state and the view have them. */
const waiting = (...localIds: readonly string[]): Pick<Shown, 'outbox' | 'entries'> => ({
  outbox: localIds.map((localId) => ({
    localId,
    conversation: room,
    content: { text: localId },
    status: 'queued',
    durable: true,
    attempts: 0,
  })),
  entries: localIds.map((localId) => ({ localId, voiding: false, arm: { kind: 'queued' } }) as Shown['entries'][number]),
})
const failed = (localId: string, behind: number): Pick<Shown, 'outbox' | 'entries'> => ({
  outbox: waiting(localId).outbox.map((entry) => ({ ...entry, status: 'failed' })),
  entries: [{ localId, voiding: false, arm: { kind: 'failed', code: 'rejected', final: true, behind } } as Shown['entries'][number]],
})
const pending = (localId: string): Messages[number] => ({
  key: localId,
  localId,
  author: 'bob',
  mine: true,
  at: 0,
  content: { text: localId },
  status: 'queued',
  finality: 'provisional',
})

describe('what a view shows (L5)', () => {
  const [one, two] = [messageAt(1), messageAt(2)]
  const said = () => {
    const made = log()
    made.say()
    made.say()
    return made
  }
  const see = (messages: Messages, more?: Partial<Shown>) => breachOf(said(), 2, messages, more)

  it('is what the log has, and behind it what waits', () => {
    expect(see([one, two, pending('a'), pending('b')], waiting('a', 'b'))).toBe(undefined)
    expect(see([one, { ...pending('a'), status: 'failed' }, two], failed('a', 1))).toBe(undefined)
  })

  it.each<readonly [string, Messages, Partial<Shown>]>([
    ['shown-once', [one, two, { ...pending('a'), key: 'm1' }], waiting('a')],
    ['shown-once', [one, two, pending('a')], {}],
    ['shown-once', [one, two], waiting('a')],
    ['one-key', [one, { ...two, key: 'other' }], {}],
    ['cache-within-truth', [one, { ...two, id: 'm9' }], {}],
    ['cache-within-truth', [one, { ...two, author: 'mallory' }], {}],
    ['cache-within-truth', [one, two, { ...pending('a'), author: 'mallory' }], waiting('a')],
    ['cache-within-truth', [one, two, { ...pending('a'), content: { text: 'else' } }], waiting('a')],
    ['status-true', [one, { ...two, status: 'read' }], {}],
    ['status-true', [one, two, { ...pending('a'), status: 'sent' }], waiting('a')],
    ['pending-in-place', [one, two, pending('b'), pending('a')], waiting('a', 'b')],
    ['pending-in-place', [one, two, pending('b'), pending('a')], waiting('b', 'a')],
    ['pending-in-place', [pending('a'), one, two], waiting('a')],
    ['pending-in-place', [one, two, { ...pending('a'), status: 'failed' }], failed('a', 1)],
    ['unread-recount', [one, two], { receipts: noReceipts }],
  ])('is broken as %s', (invariant, messages, more) => {
    expect(see(messages, more)).toBe(invariant)
  })
})
