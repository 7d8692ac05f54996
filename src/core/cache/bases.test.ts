/** What a cache commit stands on (L8, R8, R29): another instance's cursor, a line that went back, a commit that failed, nothing yet. */
import { describe, expect, it } from 'vitest'
import { type DrivenCore, drivenCore } from '../../../test/fakes/driven-core.js'
import { echo, edited, live, openedFrame, pageFrame, requestOf, row, rows, said, send } from '../../../test/fakes/wire-frames.js'
import type { MessageRow } from '../../protocol/frames.js'
import { cursorPage, type CursorValue } from './cache-state.js'
import { foldPages, holdsOwn } from './stored-rows.js'

const cursorKey = ['m', 'c', cursorPage]
const cursor = (core: DrivenCore) => core.disk.get(cursorKey)?.value as CursorValue
const pages = (core: DrivenCore) => core.stored(['m', 'c']).map(({ key }) => (key[2] === cursorPage ? 'cursor' : key.slice(2).join('/')))
/** Every message on disk, by index. */
const held = (core: DrivenCore) => {
  const all = new Map(foldPages(core.stored(['m', 'c']), 0).map((each) => [each.index, each]))
  for (const each of cursor(core).rows) all.set(each.index, each)
  return [...all.values()].sort((a, b) => a.index - b.index)
}
const cacheCommits = (core: DrivenCore) => core.effects('commit').filter(({ durability }) => durability === 'relaxed')
const clears = (core: DrivenCore) => cacheCommits(core).flatMap(({ writes }) => writes.filter(({ kind }) => kind === 'clear')).length

/** Live at `head`; another instance has written this over its cursor since. */
function overtaken(head: number, change: (value: CursorValue) => Partial<CursorValue>): DrivenCore {
  const core = live(drivenCore(), head)
  core.disk.put({ key: cursorKey, version: 'theirs', value: { ...cursor(core), ...change(cursor(core)) } })
  core.forget()
  return core
}
const tagsOf = (first: number, last: number) => rows(first, last).map(({ seq }) => `t${seq}`)
/** One change more. */
const endsIn = (tag: string, head: number, { tags }: CursorValue) => ({ head, tag, tags: [...tags, tag] })
/** On a new link. */
const catchUp = (core: DrivenCore, to: number, brings: readonly MessageRow[]) => {
  core.offline()
  core.online()
  core.hear(openedFrame(requestOf(core, 'open'), core.conversation().log.head, to, { rows: brings }))
}
const goesOn = (core: DrivenCore, ...seqs: readonly number[]) => {
  core.hear(...seqs.map((seq) => said(seq)))
  core.wait(2_000)
  return core
}

describe('L8 R29: the cursor of another instance', () => {
  const further = (value: CursorValue, tag = 't41', row41: Partial<MessageRow> = {}) => ({
    ...endsIn(tag, 41, value),
    rows: [...value.rows, row(41, row41)],
  })

  it('on the same line and not as far is what is written on', () => {
    const core = goesOn(
      overtaken(40, (value) => further(value)),
      41,
      42,
    )
    expect([cursor(core).head, clears(core)]).toEqual([42, 0])
  })

  it.each<[string, (value: CursorValue) => Partial<CursorValue>]>([
    ['whose newest message is another', (value) => further(value, 'other', { id: 'other' })],
    ['whose newest message is at a place that has none here', (value) => further(value, 't41', { seq: 41.5 as never })],
    ['that went back behind what was written here', (value) => ({ head: 39, tag: 't39', tags: ['t39'], rows: value.rows.slice(0, -1) })],
  ])('%s is of another line: all is written anew', (_, change) => {
    const core = goesOn(overtaken(40, change), 41, 42)
    expect([cursor(core).head, clears(core), held(core).length]).toEqual([42, 1, 42])
  })

  it('of as many changes, and another last one, is of another line too', () => {
    const core = goesOn(
      overtaken(40, (value) => further(value, 'other')),
      41,
    )
    expect([cursor(core).tag, clears(core)]).toEqual(['t41', 1])
  })

  it('that is gone: all is written anew', () => {
    const core = live(drivenCore(), 40)
    core.disk.remove(cursorKey)
    core.forget()
    goesOn(core, 41)
    expect([cursor(core).head, clears(core)]).toEqual([41, 1])
  })

  it.each<[string, readonly string[], stands: readonly number[], passed: readonly number[]]>([
    ['has the tag of our head', tagsOf(41, 130), [130, 0], [131, 0]],
    ['has another tag there', ['other', ...tagsOf(42, 130)], [41, 1], [131, 1]],
    ['is too far on to have it', ['t130'], [130, 0], [131, 0]],
    ['is too far on, and ends in another change than the log then does', ['other'], [130, 0], [131, 1]],
  ])('longer by pages %s: it stands, or all is written anew', (_, tags, stands, passed) => {
    // The change at 41 is an edit: both have our newest message.
    const all = [...rows(1, 40), ...rows(42, 130).map((each) => ({ ...each, index: each.seq - 2 }))]
    const core = overtaken(40, () => ({ head: 130, tag: tags.at(-1) as string, tags, rows: all.slice(100) }))
    for (const page of [0, 1]) core.disk.put({ key: ['m', 'c', page], version: '', value: all.slice(page * 50, page * 50 + 50) })
    core.hear(edited(41, 3))
    core.wait(2_000)
    expect([cursor(core).head, clears(core)]).toEqual(stands)
    for (let seq = 42; seq <= 131; seq++) core.hear(said(seq, { index: seq - 2 }))
    core.wait(2_000)
    expect([cursor(core).head, clears(core)]).toEqual(passed)
    expect(held(core)).toHaveLength(130)
  })

  it.each<[string, (core: DrivenCore) => void, held: readonly number[]]>([
    ['one by one', (core) => core.hear(edited(41, 4), said(42)), [3, 41]],
    ['past it in one answer', (core) => catchUp(core, 42, [row(4, { rev: 41 }), row(42)]), [3, 41]],
    ['to it in one answer', (core) => catchUp(core, 41, [row(4, { rev: 41 })]), [3, 41]],
  ])(
    'that shares all our messages, and parts right behind our head: nothing of it is left when the log has come so far, %s',
    (_, comes, revs) => {
      const core = overtaken(40, (value) => ({ ...endsIn('other', 41, value), rows: value.rows.with(2, row(3, { rev: 41 })) }))
      // It is met while the log is not as far.
      core.hear({ type: 'marks', conversation: 'c', epoch: 'e1', marks: [{ user: 'ann', delivered: 40, read: 2 }] })
      core.wait(2_000)
      expect([cursor(core).tag, clears(core)]).toEqual(['other', 0])
      comes(core)
      core.wait(2_000)
      expect([clears(core), held(core)[2]?.rev, held(core)[3]?.rev]).toEqual([1, ...revs])
    },
  )

  it('that parted from ours while the log came further in one answer is of another line: which of them it is of nobody can tell', () => {
    const core = overtaken(40, (value) => ({ ...endsIn('other', 41, value), rows: value.rows.with(2, row(3, { rev: 41 })) }))
    catchUp(core, 42, [row(4, { rev: 41 }), row(42)])
    core.wait(2_000)
    expect([clears(core), held(core)[2]?.rev, held(core)[3]?.rev]).toEqual([1, 3, 41])
  })

  it('that is as old as an answer which brought nothing is still known', () => {
    const core = live(drivenCore(), 39)
    const before = cursor(core)
    core.forget()
    core.hold()
    core.hear(said(40), said(41))
    core.offline()
    core.online()
    core.hear(openedFrame(requestOf(core, 'open'), 41, 41))
    core.disk.put({ key: cursorKey, version: 'theirs', value: { ...before, ...endsIn('t40', 40, before), rows: rows(1, 40) } })
    core.release()
    core.wait(2_000)
    expect([cursor(core).head, clears(core)]).toEqual([41, 0])
  })

  it('of a log without messages begins every longer one; a longer one goes on from ours', () => {
    const core = live(drivenCore(), 3, 0)
    core.disk.put({ key: cursorKey, version: 'theirs', value: { ...cursor(core), ...endsIn('t4', 4, cursor(core)), rows: [] } })
    core.forget()
    core.hear(said(4, { index: 0 }), said(5, { index: 1 }))
    core.wait(2_000)
    expect([cursor(core).head, clears(core), held(core).length]).toEqual([5, 0, 2])
    const longer = live(drivenCore(), 3, 0)
    longer.disk.put({
      key: cursorKey,
      version: 'theirs',
      value: { ...cursor(longer), head: 9, tag: 't9', tags: tagsOf(3, 9), rows: [row(9, { index: 0 })] },
    })
    longer.forget()
    longer.hear({ ...said(4), change: { kind: 'profile', profile: {} } })
    longer.wait(2_000)
    expect([cursor(longer).head, clears(longer)]).toEqual([9, 0])
  })

  it('takes no change from an older page that waits to be written', () => {
    const core = overtaken(60, (value) => ({ ...endsIn('t61', 61, value), rows: [...value.rows, row(61)] }))
    core.hear(said(61), edited(62, 3))
    core.wait(2_000)
    expect(held(core)[2]).toMatchObject({ rev: 62 })
  })

  it.each([61, 65])(
    'at %i, on an earlier state of what is held from above our head of 61: that is written when the head comes to it',
    (head) => {
      const core = overtaken(60, ({ rows: page }) => ({ head, tag: `t${head}`, tags: tagsOf(1, head), rows: [...page, ...rows(61, head)] }))
      catchUp(core, 61, [row(3, { rev: 70 }), row(61)])
      core.wait(2_000)
      expect([cursor(core).head, held(core)[2]?.rev]).toEqual([head, 3])
      core.hear(...rows(62, 69).map(({ seq }) => said(seq)), edited(70, 3))
      core.wait(2_000)
      expect([cursor(core).head, held(core)[2]?.rev, clears(core)]).toEqual([70, 70, 0])
    },
  )

  it('ahead of ours: nothing is written over it, once and not again, but settled entries leave', () => {
    const core = overtaken(40, (value) => ({ head: 49, tag: 't49', tags: tagsOf(41, 49), rows: [...value.rows, ...rows(41, 49)] }))
    goesOn(core, 41)
    expect(core.conversation().cache.head).toBe(49)
    send(core, 'mine')
    core.forget()
    core.hear(echo(42, 'mine'))
    core.wait(5_000)
    expect([cursor(core).head, core.stored(['o']), cacheCommits(core), core.effects('load').length]).toEqual([49, [], [], 1])
    expect(core.effects('commit').filter(({ writes }) => writes.length === 0)).toEqual([])
  })

  it('with no generation in question, a conflict that names no row is tried again', () => {
    const core = live(drivenCore(), 5)
    core.hold()
    core.hear(said(6))
    core.wait(200)
    core.dispatch({ kind: 'commit-failed', commit: core.state().disk.cacheFlight, code: 'conflict' })
    core.release()
    core.wait(2_000)
    expect([cursor(core).head, core.reports('fenced')]).toEqual([6, []])
  })
})

describe('L8: what is doubtful waits for the server', () => {
  it('a cache to be written anew is not, before `open` is answered: the stored line may be the right one', () => {
    const core = live(drivenCore(), 40)
    core.hold()
    core.hear(said(41))
    core.wait(200)
    core.disk.put({ key: cursorKey, version: 'theirs', value: { ...cursor(core), epoch: 'e2' } })
    core.offline()
    core.release()
    core.wait(400)
    expect(cursor(core).epoch).toBe('e2')
    core.wait(1_000)
    core.online()
    core.hear(openedFrame(requestOf(core, 'open'), 41, 41))
    core.wait(2_000)
    expect(cursor(core)).toMatchObject({ epoch: 'e1', head: 41 })
  })

  it('what is not doubtful is written, with no link too', () => {
    const core = live(drivenCore(), 40)
    core.hear(said(41))
    core.offline()
    core.wait(400)
    expect(cursor(core).head).toBe(41)
  })

  it('a log of which nothing is known is not written, nor any before the generation; one that is gone is', () => {
    const cold = drivenCore()
    cold.dispatch({ kind: 'watch', conversation: 'c' })
    cold.dispatch({ kind: 'disk-state', state: { kind: 'memory', reason: 'lost', cacheBytes: 1_000 } })
    cold.wait(5_000)
    expect(pages(cold)).toEqual([])
    const gone = live(drivenCore(), 5)
    gone.hear(said(6), { type: 'left', conversation: 'c', seq: 7, why: 'removed' })
    gone.wait(5_000)
    expect(cursor(gone).head).toBe(6)
    const founding = drivenCore()
    founding.failCommits('failed')
    live(founding, 5)
    founding.wait(5_000)
    expect(cacheCommits(founding)).toEqual([])
  })
})

describe('L8: a commit that failed gives back', () => {
  const failing = (core: DrivenCore, happens: () => void) => {
    core.failCommits('failed')
    happens()
    core.wait(1_500)
    core.failCommits(null)
    core.forget()
    core.wait(3_000)
    return core
  }

  it('pages that were fetched', () => {
    const core = live(drivenCore(), 200, 50)
    failing(core, () => {
      core.dispatch({ kind: 'load', conversation: 'c', call: 1, way: 'older', limit: 50 })
      core.hear(pageFrame(requestOf(core, 'history'), 100, 150, 200))
      core.wait(500)
    })
    expect([pages(core), cursor(core).first]).toEqual([['2', 'cursor'], 100])
  })

  it('that all is to be written anew', () => {
    const core = live(drivenCore(), 120)
    failing(core, () => {
      core.hear(said(500))
      core.hear(openedFrame(requestOf(core, 'open'), 490, 500, { reset: 'too-old' }))
      core.wait(500)
    })
    expect([pages(core), cursor(core).head]).toEqual([['cursor'], 500])
  })

  it('and does not clear what stands', () => {
    const core = live(drivenCore(), 300)
    failing(core, () => core.hear(said(301)))
    expect([clears(core), held(core).length]).toEqual([0, 301])
  })
})

describe('R35: what is written', () => {
  it('nothing of an older line that waited, and from the beginning where the log is empty', () => {
    const core = live(drivenCore(), 300, 50)
    core.hold()
    core.dispatch({ kind: 'load', conversation: 'c', call: 1, way: 'older', limit: 50 })
    core.hear(pageFrame(requestOf(core, 'history'), 200, 250, 300))
    core.hear(edited(301, 10))
    core.hear(said(400))
    core.hear(openedFrame(requestOf(core, 'open'), 3, 3, { reset: 'epoch', epoch: 'e2' }))
    core.release()
    core.wait(2_000)
    expect([pages(core), cursor(core)]).toMatchObject([['cursor'], { first: 0, rows: [], epoch: 'e2' }])
  })

  it('a fetched page that the newest one takes in stands in the cursor alone', () => {
    const core = live(drivenCore(), 40, 20)
    core.dispatch({ kind: 'load', conversation: 'c', call: 1, way: 'older', limit: 50 })
    core.hear(pageFrame(requestOf(core, 'history'), 0, 20, 40))
    core.wait(1_000)
    expect([pages(core), cursor(core).rows.length, cursor(core).first]).toEqual([['cursor'], 40, 0])
  })

  it('no change to what the disk does not reach', () => {
    const core = live(drivenCore(), 300, 50)
    core.hear(edited(301, 250))
    core.wait(1_000)
    expect(pages(core)).toEqual(['cursor'])
  })

  it('L8: no state from below the head, where a later one is on disk alone', () => {
    const core = drivenCore({ disk: live(drivenCore({ lane: 'before' }), 600).disk })
    core.dispatch({ kind: 'watch', conversation: 'c' })
    catchUp(core, 601, [row(3, { rev: 601 })])
    core.wait(1_000)
    catchUp(core, 601, [row(3)])
    core.wait(1_000)
    catchUp(core, 602, [row(3), row(4, { rev: 602 })])
    core.wait(1_000)
    expect([2, 3].map((index) => core.stored(['m', 'c', 0, index]))).toMatchObject([[{ value: { rev: 601 } }], [{ value: { rev: 602 } }]])
  })

  it('as durable as a cache need be, the generation as the outbox', () => {
    const core = live(drivenCore(), 5)
    const strict = core.effects('commit').filter(({ durability }) => durability === 'strict')
    expect(strict.map(({ writes }) => writes.map((write) => write.kind === 'put' && write.row.key[0]))).toEqual([['g']])
    expect(cacheCommits(core).flatMap(({ writes }) => writes)).not.toEqual([])
  })
})

describe('L8: read again', () => {
  const reread = (core: DrivenCore) => {
    const next = drivenCore({ disk: core.disk, lane: 'next' })
    next.dispatch({ kind: 'watch', conversation: 'c' })
    return next.conversation()
  }

  it('a log that begins with no message begins where it did', () => {
    const core = live(drivenCore(), 40, 40, { rows: rows(3, 40).map((each) => row(each.seq, { index: each.seq - 3 })) })
    expect(reread(core).log.tail).toMatchObject({ from: 0, to: 40 })
    expect(reread(core).cache).toMatchObject({ last: 37, head: 40, cover: { first: 0, from: 0 } })
  })

  it('one whose beginning is not known begins with its first message', () => {
    const core = live(drivenCore(), 40, 20)
    core.disk.put({ key: cursorKey, version: 'theirs', value: { ...cursor(core), from: -1 } })
    expect(reread(core).log.tail.from).toBe(20)
  })

  it('one without messages is ready and empty', () => {
    const { log, cache } = reread(live(drivenCore(), 5, 0))
    expect([log.tail, log.head, log.state, cache.last]).toMatchObject([{ rows: [], from: 5, to: 5 }, 5, 'ready', -1])
  })

  it('knows of what others have that is above its head', () => {
    const core = live(drivenCore(), 5)
    core.hear({ type: 'marks', conversation: 'c', epoch: 'e1', marks: [{ user: 'ann', delivered: 9, read: 2 }] })
    core.wait(1_000)
    expect(reread(core).log).toMatchObject({ head: 5, heard: 9 })
  })
})

describe('stored rows', () => {
  const page = (n: number, ...value: readonly unknown[]) => ({ key: ['m', 'c', n], version: '', value })

  it('are those within the bounds that are messages, each in its newest state', () => {
    const patch = { key: ['m', 'c', 0, 2], version: '', value: row(3, { rev: 9 }) }
    const older = { key: ['m', 'c', 0, 1], version: '', value: row(2, { rev: 1 }) }
    const found = foldPages([page(0, ...rows(1, 5), null, { index: 2 }), patch, older], 1, 3)
    expect(found.map(({ seq, rev }) => [seq, rev])).toEqual([
      [2, 2],
      [3, 9],
      [4, 4],
    ])
  })

  it('L8: leave out a message whose newest state is damaged, not show the one before', () => {
    const damaged = { key: ['m', 'c', 0, 2], version: '', value: { ...row(3, { rev: 9 }), id: 7 } }
    expect(foldPages([page(0, ...rows(1, 5)), damaged], 0).map(({ seq }) => seq)).toEqual([1, 2, 4, 5])
  })

  it('hold an own message, in a page or beside the cursor, by its author', () => {
    const core = live(drivenCore(), 60)
    core.hear(echo(61, 'newest'), said(62, { localId: 'theirs' }))
    core.wait(1_000)
    const stored = [...core.stored(['m', 'c']).reverse(), page(7, row(351, { author: 'me', localId: 'older' }))]
    const own = (localId: string) => holdsOwn(stored, localId, 'me')
    expect(['newest', 'older', 'theirs', 'none'].map(own)).toEqual([true, true, false, false])
    expect(holdsOwn([], 'newest', 'me')).toBe(false)
  })
})
