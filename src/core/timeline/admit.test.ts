/** Every state of a log against everything the wire can bring it; a missing cell does not compile. Then the rules R3–R10. */
import { describe, expect, it } from 'vitest'
import type { ServerFrame } from '../../protocol/frames.js'
import { type DrivenCore, drivenCore } from '../../../test/fakes/driven-core.js'
import {
  ack,
  changeFrame,
  echo,
  edited,
  live,
  openedFrame,
  openWith,
  requestOf,
  row,
  rows,
  said,
  send,
} from '../../../test/fakes/wire-frames.js'
import * as bounds from '../bounds.js'

type Situation = 'loading' | 'first open' | 'stale' | 'live' | 'catching up' | 'gone'
type Input =
  | 'live next'
  | 'live duplicate'
  | 'live beyond a hole'
  | 'live of another epoch'
  | 'delta'
  | 'delta that overlaps'
  | 'delta from beyond the head'
  | 'delta of another epoch'
  | 'delta that ends below the head'
  | 'reset'
  | 'reset with a hole'
  | 'reset to another epoch'
  | 'answer to an older request'
  | 'failed'
  | 'failed, not found'
  | 'head hint'
  | 'head hint of another epoch'
  | 'left'

/** The places held when it is over, whether it is asked for more, whether it is gone. */
type Outcome =
  | 'nothing held'
  | '1–5'
  | '1–6'
  | '1–8'
  | '7–8 of e1'
  | '7–8 of e2'
  | '1–5, asked'
  | '1–5, asked again'
  | 'nothing held, asked'
  | 'gone, 1–5'
  | 'gone'

/** A log of 5 messages, unless nothing is known yet. */
const situations: Record<Situation, () => DrivenCore> = {
  loading() {
    const core = drivenCore()
    core.online()
    core.hold()
    core.dispatch({ kind: 'watch', conversation: 'c' })
    return core
  },
  'first open'() {
    const core = drivenCore()
    core.online()
    core.dispatch({ kind: 'watch', conversation: 'c' })
    return core
  },
  stale() {
    const core = live(drivenCore(), 5)
    core.offline()
    return core
  },
  live: () => live(drivenCore(), 5),
  'catching up'() {
    const core = situations.stale()
    core.online()
    return core
  },
  gone() {
    const core = situations.live()
    core.hear({ type: 'left', conversation: 'c', seq: 6, why: 'removed' })
    return core
  },
}

const request = (core: DrivenCore) => core.conversation().log.catchUp?.request ?? 999
const opened = (core: DrivenCore, ...args: [from: number, to: number, more?: Parameters<typeof openedFrame>[3]]) =>
  core.hear(openedFrame(request(core), ...args))

const inputs: Record<Input, (core: DrivenCore) => void> = {
  'live next': (core) => core.hear(said(6)),
  'live duplicate': (core) => core.hear(said(5)),
  'live beyond a hole': (core) => core.hear(said(8)),
  'live of another epoch': (core) => core.hear(said(6, {}, { epoch: 'e2' })),
  delta: (core) => opened(core, 5, 8),
  'delta that overlaps': (core) => opened(core, 2, 8),
  'delta from beyond the head': (core) => opened(core, 6, 8),
  'delta of another epoch': (core) => opened(core, 5, 8, { epoch: 'e2' }),
  'delta that ends below the head': (core) => opened(core, 2, 4),
  reset: (core) => opened(core, 6, 8, { reset: 'too-old' }),
  'reset with a hole': (core) => opened(core, 6, 8, { reset: 'too-old', rows: [row(7), row(8, { index: 9 })] }),
  'reset to another epoch': (core) => opened(core, 6, 8, { reset: 'epoch', epoch: 'e2' }),
  'answer to an older request': (core) => core.hear(openedFrame(request(core) - 1, 5, 8)),
  failed: (core) => core.hear({ type: 'failed', request: request(core), code: 'unavailable' }),
  'failed, not found': (core) => core.hear({ type: 'failed', request: request(core), code: 'not-found' }),
  'head hint': (core) => core.hear({ type: 'head', heads: [{ conversation: 'c', epoch: 'e1', seq: 8 }] }),
  'head hint of another epoch': (core) => core.hear({ type: 'head', heads: [{ conversation: 'c', epoch: 'e2', seq: 3 }] }),
  left: (core) => core.hear({ type: 'left', conversation: 'c', seq: 6, why: 'removed' }),
}

const untouched = <T extends Outcome>(outcome: T) =>
  Object.fromEntries(Object.keys(inputs).map((input) => [input, outcome])) as Record<Input, T>

const table: Record<Situation, Record<Input, Outcome>> = {
  loading: { ...untouched('nothing held'), left: 'gone' },
  'first open': {
    'live next': 'nothing held, asked',
    'live duplicate': 'nothing held, asked',
    'live beyond a hole': 'nothing held, asked',
    'live of another epoch': 'nothing held, asked',
    delta: 'nothing held',
    'delta that overlaps': 'nothing held',
    'delta from beyond the head': 'nothing held',
    'delta of another epoch': 'nothing held',
    'delta that ends below the head': 'nothing held',
    reset: '7–8 of e1',
    'reset with a hole': 'nothing held',
    'reset to another epoch': '7–8 of e2',
    'answer to an older request': 'nothing held, asked',
    failed: 'nothing held',
    'failed, not found': 'gone',
    'head hint': 'nothing held, asked',
    'head hint of another epoch': 'nothing held, asked',
    left: 'gone',
  },
  stale: untouched('1–5'),
  live: {
    'live next': '1–6',
    'live duplicate': '1–5',
    'live beyond a hole': '1–5, asked',
    'live of another epoch': '1–5, asked',
    delta: '1–5',
    'delta that overlaps': '1–5',
    'delta from beyond the head': '1–5',
    'delta of another epoch': '1–5',
    'delta that ends below the head': '1–5',
    reset: '1–5',
    'reset with a hole': '1–5',
    'reset to another epoch': '1–5',
    'answer to an older request': '1–5',
    failed: '1–5',
    'failed, not found': '1–5',
    'head hint': '1–5, asked',
    'head hint of another epoch': '1–5, asked',
    left: 'gone, 1–5',
  },
  'catching up': {
    // Before its `open` is answered a line proves nothing: what it says waits.
    'live next': '1–5, asked',
    'live duplicate': '1–5, asked',
    'live beyond a hole': '1–5, asked',
    'live of another epoch': '1–5, asked',
    delta: '1–8',
    'delta that overlaps': '1–8',
    'delta from beyond the head': '1–5',
    'delta of another epoch': '1–5',
    'delta that ends below the head': '1–5',
    reset: '7–8 of e1',
    'reset with a hole': '1–5',
    'reset to another epoch': '7–8 of e2',
    'answer to an older request': '1–5, asked',
    failed: '1–5',
    'failed, not found': 'gone, 1–5',
    'head hint': '1–5, asked',
    'head hint of another epoch': '1–5, asked again',
    left: 'gone, 1–5',
  },
  gone: untouched('gone, 1–5'),
}

function outcome(core: DrivenCore, askedBefore: number | undefined): string {
  const { state, epoch, tail, catchUp } = core.conversation().log
  const places = tail.rows.map(({ seq }) => seq)
  const contiguous = places.every((seq, i) => i === 0 || seq === (places[i - 1] as number) + 1)
  const range = places.length === 0 ? 'nothing held' : contiguous ? `${places[0]}–${places.at(-1)}` : 'a hole'
  const held = places[0] === 7 ? `${range} of ${epoch}` : range
  if (state === 'gone') return places.length === 0 ? 'gone' : `gone, ${held}`
  if (!catchUp) return held
  return `${held}, asked${askedBefore !== undefined && catchUp.request !== askedBefore ? ' again' : ''}`
}

describe('L4 R3 R4 R5 R27: a log', () => {
  const cells = Object.entries(table).flatMap(([situation, row]) =>
    Object.entries(row).map(([input, result]) => [situation as Situation, input as Input, result] as const),
  )
  it.each(cells)('%s, %s: %s', (situation, input, result) => {
    const core = situations[situation]()
    const before = core.conversation().log.catchUp?.request
    inputs[input](core)
    expect(outcome(core, before)).toBe(result)
  })

  it.each(Object.keys(table) as Situation[])('%s: hostile answers never hurt what follows', (situation) => {
    const core = situations[situation]()
    for (const input of Object.keys(inputs) as Input[]) if (input !== 'left' && input !== 'failed, not found') inputs[input](core)
    core.release()
    core.wait(20_000)
    const places = core.conversation().log.tail.rows.map(({ index }) => index)
    expect(places.every((index, i) => i === 0 || index === (places[i - 1] as number) + 1)).toBe(true)
  })
})

const shownPlaces = (core: DrivenCore) => core.conversation().log.tail.rows.map(({ seq }) => seq)

describe('catch-up', () => {
  it('L4 R5: one at a time, and what came beyond the hole is shown when the hole is filled', () => {
    const core = live(drivenCore(), 5)
    core.forget()
    core.hear(said(8))
    core.hear(said(9))
    expect(core.sent('open')).toMatchObject([{ position: { epoch: 'e1', seq: 5, tag: 't5' } }])
    expect(shownPlaces(core)).toEqual([1, 2, 3, 4, 5])
    core.hear(openedFrame(requestOf(core, 'open'), 5, 7))
    expect(shownPlaces(core)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9])
    expect(core.conversation().log).toMatchObject({ head: 9, tag: 't9', beyond: [], catchUp: null })
    expect(core.sent('open')).toHaveLength(1)
  })

  it('R5: asks on while the answer says `more`, and reports one catch-up of all rows', () => {
    const core = live(drivenCore(), 5)
    core.forget()
    core.hear(said(20))
    core.hear(openedFrame(requestOf(core, 'open'), 5, 10, { more: true, head: 20 }))
    core.hear(openedFrame(requestOf(core, 'open'), 10, 20))
    expect(core.sent('open').map(({ position }) => position?.seq)).toEqual([5, 10])
    expect(core.reports('caught-up')).toMatchObject([{ rows: 15 }])
    expect(core.conversation().log.head).toBe(20)
  })

  it('R5: keeps at most 256 changes beyond a hole; more are dropped and caught up', () => {
    const core = live(drivenCore(), 5)
    core.hear(...Array.from({ length: 256 }, (_, i) => said(10 + i)))
    expect(core.conversation().log.beyond).toHaveLength(256)
    core.hear(said(266))
    expect(core.conversation().log.beyond).toHaveLength(0)
    core.hear(openedFrame(requestOf(core, 'open'), 5, 100))
    expect(core.conversation().log).toMatchObject({ head: 100, heard: 266 })
    expect(core.conversation().log.catchUp).not.toBeNull()
  })

  it('R5: whatever is heard of beyond the head is asked for: hint, pong, watermark, ack', () => {
    const heard = (frame: ServerFrame) => {
      const core = live(drivenCore(), 5)
      send(core, 'mine')
      core.hear(frame)
      return { heard: core.conversation().log.heard, asked: core.conversation().log.catchUp !== null }
    }
    const heads = [{ conversation: 'c', epoch: 'e1', seq: 9 }]
    const marks = [{ user: 'ann', delivered: 9, read: 2 }]
    expect(heard({ type: 'head', heads })).toEqual({ heard: 9, asked: true })
    expect(heard({ type: 'pong', n: 1, heads })).toEqual({ heard: 9, asked: true })
    expect(heard({ type: 'marks', conversation: 'c', epoch: 'e1', marks })).toEqual({ heard: 9, asked: true })
    expect(heard(ack('mine', 9))).toEqual({ heard: 9, asked: true })
    expect(heard({ type: 'marks', conversation: 'c', epoch: 'e0', marks })).toEqual({ heard: 5, asked: false })
  })

  it('R5: an answer that never comes is asked for again after 15 s and a pause', () => {
    const core = live(drivenCore(), 5)
    core.forget()
    core.hear(said(8))
    core.wait(15_000)
    expect(core.sent('open')).toHaveLength(1)
    core.wait(1_000)
    expect(core.sent('open')).toHaveLength(2)
  })

  it('R5: a failed one waits as long as the server says', () => {
    const core = live(drivenCore(), 5)
    core.hear(said(8))
    core.forget()
    core.hear({ type: 'failed', request: core.conversation().log.catchUp?.request ?? 0, code: 'rate-limited', retryAfterMs: 7_000 })
    core.wait(6_999)
    expect(core.sent('open')).toHaveLength(0)
    core.wait(1)
    expect(core.sent('open')).toHaveLength(1)
  })

  it('R24: every conversation in memory is opened on every link, from its position', () => {
    const core = live(drivenCore(), 5)
    core.offline()
    core.forget()
    core.wait(60_000)
    core.online()
    expect(core.sent('open')).toMatchObject([{ conversation: 'c', position: { epoch: 'e1', seq: 5 } }])
  })

  it('R4 R5: an answer that ends below the head takes nothing back, neither rows nor profile', () => {
    const core = live(drivenCore(), 5)
    core.hear(said(8))
    const request = requestOf(core, 'open')
    core.hear(said(6), changeFrame(7, { kind: 'profile', profile: { name: 'newer' } }))
    expect(core.conversation().log.head).toBe(8)
    core.hear(openedFrame(request, 5, 6, { rows: [row(6, { rev: 6, content: 'older' })], profile: { name: 'older' } }))
    expect(core.conversation().log).toMatchObject({ head: 8, profile: { name: 'newer' } })
  })

  it('R22: messages that came live during the answer stay counted as unread', () => {
    const core = live(drivenCore(), 500, 10, { unread: { count: 100, more: false } })
    core.hear(said(503))
    const request = requestOf(core, 'open')
    core.hear(said(501), said(502))
    core.hear(openedFrame(request, 500, 501, { unread: { count: 50, more: false } }))
    expect(core.conversation().receipts.unread).toMatchObject({ count: 52, countedTo: 503 })
  })
})

describe('changes', () => {
  it('R4: a row is applied iff its rev beats the one held; the head moves either way', () => {
    const core = live(drivenCore(), 5)
    core.hear(edited(6, 3), changeFrame(7, { kind: 'message', message: row(3, { rev: 5, content: 'older' }) }))
    expect(core.conversation().log.tail.rows[2]).toMatchObject({ rev: 6, content: { edited: 6 } })
    expect(core.conversation().log.head).toBe(7)
  })

  it('R4: a message that claims a place or rev above its own seq is not believed', () => {
    const core = live(drivenCore(), 5)
    core.hear(changeFrame(6, { kind: 'message', message: row(9) }), changeFrame(7, { kind: 'message', message: row(3, { rev: 99 }) }))
    expect(shownPlaces(core)).toEqual([1, 2, 3, 4, 5])
    expect(core.conversation().log).toMatchObject({ head: 7 })
  })

  it('R4: the newest one told again changes nothing', () => {
    const core = live(drivenCore(), 5)
    core.hear(said(6))
    const { log } = core.conversation()
    core.hear(said(6), said(5))
    expect(core.conversation().log).toEqual(log)
  })

  it('L8: a log that begins anew without a change has no tags of the one before', () => {
    const core = live(drivenCore(), 5)
    core.offline()
    core.online()
    core.hear(openedFrame(requestOf(core, 'open'), 0, 0, { epoch: 'e2', reset: 'epoch', rows: [], tag: '' }))
    expect(core.conversation().log).toMatchObject({ epoch: 'e2', head: 0, tag: '', tags: '' })
  })

  it('L11: the tags of the newest stand, within their bound', () => {
    const core = live(drivenCore(), 5)
    const long = 'x'.repeat(60)
    const lengths: number[] = []
    for (let seq = 6; seq < 600; seq++) {
      core.hear(said(seq, {}, { tag: `${long}${seq}` }))
      lengths.push(core.conversation().log.tags.length)
    }
    expect(Math.max(...lengths)).toBeLessThanOrEqual(bounds.tags)
    expect(Math.min(...lengths.slice(300))).toBeGreaterThan(bounds.tags / 2 - 100)
    expect(core.conversation().log.tags.split('\n').slice(-2)).toEqual([`${long}598`, `${long}599`])
  })

  it('R10: an unknown change keeps its seq and moves the head', () => {
    const core = live(drivenCore(), 5)
    core.hear(changeFrame(6, { kind: 'unknown', raw: { kind: 'poll' } }), said(7, { index: 5 }))
    expect(core.conversation().log).toMatchObject({ head: 7, tag: 't7' })
    expect(shownPlaces(core)).toEqual([1, 2, 3, 4, 5, 7])
  })

  it('members join and leave, and the count follows', () => {
    const core = live(drivenCore(), 5)
    core.hear(changeFrame(6, { kind: 'member', user: 'eve', joined: true }))
    expect(core.conversation().log).toMatchObject({ memberCount: 3 })
    expect(core.conversation().log.members.at(-1)).toEqual({ user: 'eve', joined: 6 })
    core.hear(changeFrame(7, { kind: 'member', user: 'ann', joined: false }))
    expect(core.conversation().log.members.map(({ user }) => user)).toEqual(['me', 'eve'])
    core.hear(changeFrame(8, { kind: 'member', user: 'ann', joined: false }))
    expect(core.conversation().log.memberCount).toBe(2)
  })

  it('people of a change are learnt with it', () => {
    const core = live(drivenCore(), 5)
    core.hear(said(6, { author: 'eve' }, { people: [{ user: 'eve', profile: { name: 'Eve' } }] }))
    expect(core.state().people.get('eve')).toEqual({ name: 'Eve' })
    // A name is told once per link: of a change that waits it is learnt at once.
    core.hear(said(9, { author: 'bob' }, { people: [{ user: 'bob', profile: { name: 'Bob' } }] }))
    expect(core.state().people.get('bob')).toEqual({ name: 'Bob' })
  })

  it('each message new to this device is reported once, with its source', () => {
    const core = live(drivenCore(), 5)
    core.hear(said(6), said(6), edited(7, 6))
    core.hear(said(10, { index: 8 }))
    core.hear(openedFrame(requestOf(core, 'open'), 7, 9, { rows: [row(8, { index: 6 }), row(9, { index: 7 })] }))
    expect(core.reports('message').map(({ row: { seq }, source }) => [seq, source])).toEqual([
      [6, 'live'],
      [8, 'catch-up'],
      [9, 'catch-up'],
      [10, 'catch-up'],
    ])
  })
})

describe('reset', () => {
  const reset = (core: DrivenCore, from: number, to: number, more: Parameters<typeof openedFrame>[3] = {}) => {
    core.hear(said(to + 50))
    core.hear(openedFrame(requestOf(core, 'open'), from, to, { reset: 'too-old', ...more }))
  }

  it('L4 R8: drops every held window, in memory and on disk, and keeps the outbox', () => {
    const core = live(drivenCore(), 60)
    send(core, 'mine')
    reset(core, 190, 200)
    core.wait(1_000)
    expect(shownPlaces(core)).toEqual(rows(191, 200).map(({ seq }) => seq))
    expect(core.entry('mine')).toBeDefined()
    expect(core.stored(['m', 'c']).flatMap(({ value }) => (Array.isArray(value) ? value : (value as { rows: [] }).rows))).toHaveLength(10)
    expect(core.stored(['o'])).toHaveLength(1)
  })

  it('R8: to another line reports as new what stands behind the last message known here, whatever its place', () => {
    const core = live(drivenCore(), 5)
    core.forget()
    reset(core, 0, 4, { reset: 'epoch', epoch: 'e2', rows: [row(1), row(2), row(3, { id: 'n1' }), row(4, { id: 'n2' })] })
    expect(core.reports('message').map((report) => report.row.id)).toEqual(['n1', 'n2'])
  })

  it('R8: names own acknowledged messages that are gone', () => {
    const core = live(drivenCore(), 5)
    core.hear(echo(6, 'kept'), echo(7, 'lost'))
    reset(core, 0, 6, { reset: 'tag', rows: [...rows(1, 5), row(6, { author: 'me', localId: 'kept' })] })
    expect(core.reports('reset')).toMatchObject([{ why: 'tag', lost: ['lost'] }])
  })

  it('R3: on a new epoch acked entries are asked again under the same localId, and old watermarks and reads are dropped', () => {
    const core = live(drivenCore(), 5)
    send(core, 'mine')
    core.hear(ack('mine', 9))
    core.dispatch({ kind: 'mark-read', conversation: 'c' })
    core.hear({ type: 'marks', conversation: 'c', epoch: 'e1', marks: [{ user: 'ann', delivered: 5, read: 5 }] })
    core.forget()
    core.hear(openedFrame(core.conversation().log.catchUp?.request ?? 0, 0, 3, { reset: 'epoch', epoch: 'e2' }))
    expect(core.sent('operation')).toMatchObject([{ localId: 'mine' }])
    expect(core.conversation().receipts).toMatchObject({ pending: null, marks: new Map() })
    expect(core.stored(['r'])).toEqual([])
  })

  it('R3 R21: a read kept for another epoch is dropped when the first answer names a new one', () => {
    const core = drivenCore()
    core.disk.put({ key: ['r', 'c'], version: '', value: { epoch: 'e0', read: 3 } })
    core.online()
    expect(core.conversation().receipts.pending).not.toBeNull()
    openWith(core, 5)
    expect(core.conversation().receipts.pending).toBeNull()
    expect(core.stored(['r'])).toEqual([])
  })

  it('reports messages that waited beyond the hole as new', () => {
    const core = live(drivenCore(), 5)
    core.hear(said(9))
    core.hear(openedFrame(requestOf(core, 'open'), 6, 8, { reset: 'too-old' }))
    expect(core.reports('message').map(({ row: { seq } }) => seq)).toEqual([7, 8, 9])
  })

  it('R6: ends a load under way; its late answer changes nothing', () => {
    const core = live(drivenCore(), 200, 50)
    core.dispatch({ kind: 'load', conversation: 'c', call: 7, way: 'older', limit: 50 })
    const history = requestOf(core, 'history')
    core.hear(said(300))
    core.hear(openedFrame(requestOf(core, 'open'), 250, 299, { reset: 'too-old' }))
    expect(core.effects('answer')).toMatchObject([{ call: 7 }])
    core.hear({
      type: 'page',
      request: history,
      conversation: 'c',
      epoch: 'e1',
      asOf: 300,
      from: 100,
      to: 150,
      rows: rows(101, 150),
      people: [],
    })
    expect(shownPlaces(core)[0]).toBe(251)
  })
})

describe('left', () => {
  it('R27: the rows stay, entries fail, and nothing more is asked or sent', () => {
    const core = live(drivenCore(), 5)
    core.hold()
    send(core, 'saving')
    core.forget()
    core.hear({ type: 'left', conversation: 'c', seq: 6, why: 'removed' })
    core.release()
    core.hear({ type: 'head', heads: [{ conversation: 'c', epoch: 'e1', seq: 9 }] })
    core.dispatch({ kind: 'mark-read', conversation: 'c' })
    expect(core.effects('transmit')).toEqual([])
    expect(core.entry('saving')?.arm).toMatchObject({ kind: 'failed', code: 'conversation-gone' })
    expect(core.reports('left')).toEqual([{ kind: 'left', conversation: 'c', why: 'removed' }])
    expect(shownPlaces(core)).toHaveLength(5)
  })

  it('R27: older messages are not asked for where one is no member', () => {
    const core = live(drivenCore(), 500, 50)
    core.hear({ type: 'left', conversation: 'c', seq: 501, why: 'removed' })
    core.forget()
    core.dispatch({ kind: 'load', conversation: 'c', call: 3, way: 'older', limit: 50 })
    expect(core.sent('history')).toEqual([])
    expect(core.effects('answer')).toEqual([{ kind: 'answer', call: 3, code: 'conversation-gone' }])
  })
})
