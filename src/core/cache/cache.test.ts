/** What of a log is on disk (R9, R29, R35): pages, cursor, patches; and what becomes of a doubtful or a shared one (L8). */
import { describe, expect, it } from 'vitest'
import { type DrivenCore, drivenCore } from '../../../test/fakes/driven-core.js'
import { echo, edited, live, openedFrame, requestOf, row, rows, said, send } from '../../../test/fakes/wire-frames.js'
import type { Row } from '../../ports/storage.js'
import type { ServerFrame } from '../../protocol/frames.js'
import { cursorPage, type CursorValue } from './cache-state.js'
import { foldPages } from './stored-rows.js'

const pages = (core: DrivenCore) =>
  core.stored(['m', 'c']).map(({ key, value }) => {
    const held = key[2] === cursorPage ? (value as CursorValue).rows : key.length === 4 ? [value] : (value as readonly unknown[])
    return `${key[2] === cursorPage ? 'cursor' : key.slice(2).join('/')}: ${held.length}`
  })
const written = (core: DrivenCore) =>
  core
    .effects('commit')
    .flatMap(({ writes }) => writes.flatMap((write) => (write.kind === 'put' && write.row.key[0] === 'm' ? [write.row.key[2]] : [])))
const cursorOf = (core: DrivenCore) => core.stored(['m', 'c', cursorPage])[0] as Row & { readonly value: CursorValue }

/** What a fresh instance shows of this disk. */
function reread(core: DrivenCore): DrivenCore {
  const next = drivenCore({ disk: core.disk, lane: 'reader' })
  next.dispatch({ kind: 'watch', conversation: 'c' })
  return next
}
const places = (core: DrivenCore) => core.conversation().log.tail.rows.map(({ seq }) => seq)
const range = (from: number, to: number) => rows(from, to).map(({ seq }) => seq)

describe('L8 R35: what is written', () => {
  it('full pages beside the cursor, which carries the newest', () => {
    const core = live(drivenCore(), 120)
    expect(pages(core)).toEqual(['0: 50', '1: 50', 'cursor: 20'])
    expect(cursorOf(core).value).toMatchObject({ head: 120, tag: 't120', epoch: 'e1', first: 0, from: 0 })
  })

  it('a live message rewrites the cursor alone; a page leaves it when a newer one begins; a changed page goes again', () => {
    const core = live(drivenCore(), 148)
    const pagesAfter = (...frames: readonly ServerFrame[]) => {
      core.forget()
      core.hear(...frames)
      core.wait(1_000)
      return written(core)
    }
    expect(pagesAfter(said(149))).toEqual([cursorPage])
    expect(pagesAfter(said(150), said(151))).toEqual([2, cursorPage])
    expect(pagesAfter(edited(152, 60))).toEqual([1, 2, cursorPage])
    expect(places(reread(core))).toEqual(range(1, 151))
  })

  it('at most one commit per 150 ms, or at once for 150 rows and when the page is hidden', () => {
    const core = live(drivenCore(), 5)
    const commits = () => core.effects('commit').length
    core.hear(said(6))
    core.forget()
    core.hear(said(7))
    expect(commits()).toBe(0)
    core.dispatch({ kind: 'signal', signal: 'hidden' })
    expect(commits()).toBe(1)
    core.forget()
    core.hear(...rows(8, 160).map(({ seq }) => said(seq)))
    expect(commits()).toBe(1)
  })

  it('the tags of the newest changes, whole ones, however long they are', () => {
    for (const [wide, first] of [
      [8, 904],
      [60, 985],
    ] as const) {
      const core = live(drivenCore(), 5)
      const tagged = (seq: number) => `${1_000 + seq}${'\u{1F9F5}'.repeat(wide)}`
      for (let seq = 6; seq <= 1_000; seq++) core.hear({ ...said(seq), tag: tagged(seq) } as ServerFrame)
      core.wait(1_000)
      const { tags, tag } = cursorOf(core).value
      expect(tag).toBe(tagged(1_000))
      expect(tags).toEqual(rows(first, 1_000).map(({ seq }) => tagged(seq)))
      expect(places(reread(core)).at(-1)).toBe(1_000)
      expect(cursorOf(live(drivenCore(), 5)).value.tags).toEqual(['t5'])
    }
  })

  it('the newest state alone where the log has been away from disk for too long', () => {
    const core = live(drivenCore(), 50)
    core.hold()
    for (let seq = 51; seq <= 3_000; seq++) core.hear(said(seq))
    core.release()
    core.wait(1_000)
    const reader = reread(core)
    expect(reader.conversation().log).toMatchObject({ state: 'ready', head: 3_000 })
    const held = places(reader)
    expect(held).toEqual(range(held[0] as number, 3_000))
    // What is said to be stored is.
    const { first, rows: newest } = cursorOf(core).value
    const all = [...foldPages(core.stored(['m', 'c']), 0), ...newest].map(({ index }) => index)
    expect(all).toEqual(Array.from({ length: 3_000 - first }, (_, i) => first + i))
  })

  it('what a failed commit took along is given back', () => {
    const core = live(drivenCore(), 60)
    send(core, 'mine')
    core.failCommits('failed')
    core.hear(echo(61, 'mine'), edited(62, 3))
    core.wait(200)
    core.failCommits(null)
    core.wait(60_000)
    expect(cursorOf(core).value.head).toBe(62)
    expect(core.stored(['o'])).toEqual([])
    expect(reread(core).conversation().log.tail.rows[2]).toMatchObject({ rev: 62 })
  })

  it('from the beginning, where a reset left the log empty while a commit failed', () => {
    const core = live(drivenCore(), 60)
    core.hold()
    core.hear(said(61), said(400))
    core.wait(200)
    core.hear(openedFrame(requestOf(core, 'open'), 0, 0, { reset: 'epoch', epoch: 'e2' }))
    core.failCommits('failed')
    core.release()
    core.failCommits(null)
    core.wait(2_000)
    expect(cursorOf(core).value).toMatchObject({ epoch: 'e2', head: 0, first: 0, rows: [] })
    core.hear(said(1, {}, { epoch: 'e2' }), said(2, {}, { epoch: 'e2' }))
    core.wait(1_000)
    expect(places(reread(core))).toEqual([1, 2])
  })

  it('R4: an answer with a row as it was before takes nothing from what is stored and not in memory', () => {
    const core = drivenCore({ disk: live(drivenCore(), 600).disk, lane: 'next' })
    core.dispatch({ kind: 'watch', conversation: 'c' })
    core.online()
    core.hear(openedFrame(requestOf(core, 'open'), 600, 601, { rows: [row(3, { rev: 601 })] }))
    core.wait(1_000)
    core.offline()
    core.online()
    core.hear(openedFrame(requestOf(core, 'open'), 601, 602, { rows: [row(3), row(4, { rev: 602 })] }))
    core.wait(1_000)
    expect(cursorOf(core).value.head).toBe(602)
    expect(foldPages(core.stored(['m', 'c']), 2, 3)).toMatchObject([{ rev: 601 }, { rev: 602 }])
  })

  it('a reset clears what was there in the same commit', () => {
    const core = live(drivenCore(), 120)
    core.hear(said(500))
    const request = requestOf(core, 'open')
    core.wait(1_000)
    core.forget()
    core.hear(openedFrame(request, 400, 499, { reset: 'too-old' }))
    core.wait(1_000)
    expect(core.effects('commit')[0]?.writes[0]).toEqual({ kind: 'clear', range: { prefix: ['m', 'c'] } })
    expect(places(reread(core))).toEqual(range(401, 500))
  })
})

describe('L8: a doubtful cache is dropped and written anew, never half used', () => {
  const damages: [string, (value: CursorValue) => unknown][] = [
    ['of another build', (value) => ({ ...value, build: 1 })],
    ['of no build', (value) => ({ ...value, build: -1 })],
    ['nothing', () => null],
    ['no epoch', (value) => ({ ...value, epoch: '' })],
    ['a head that is no number', (value) => ({ ...value, head: '120' })],
    ['no lists', (value) => ({ ...value, members: null })],
    ['no profile', (value) => ({ ...value, profile: null })],
    ['no count of unread', (value) => ({ ...value, unread: {} })],
    ['a hole in its page', (value) => ({ ...value, rows: value.rows.filter((_, i) => i !== 3) })],
    ['a row that is none', (value) => ({ ...value, rows: [...value.rows, { seq: 1 }] })],
    ['a row above its head', (value) => ({ ...value, head: 110 })],
    ['rows of two pages', (value) => ({ ...value, rows: rows(95, 120) })],
  ]
  it.each(damages)('%s', (_, damage) => {
    const core = live(drivenCore(), 120)
    const cursor = cursorOf(core)
    core.disk.put({ ...cursor, value: damage(cursor.value) })
    const next = reread(core)
    expect(next.conversation().log).toMatchObject({ state: 'ready', epoch: '', head: 0 })
    next.online()
    next.hear(openedFrame(requestOf(next, 'open'), 20, 120, { reset: 'first' }))
    next.wait(1_000)
    expect(places(reread(next))).toEqual(range(21, 120))
  })

  it('an older page with a hole is left out; the newest is shown', () => {
    const core = live(drivenCore(), 120)
    core.disk.put({ key: ['m', 'c', 1], version: '', value: rows(51, 99) })
    expect(places(reread(core))).toEqual(range(101, 120))
  })

  it('rows without a cursor are dropped', () => {
    const core = live(drivenCore(), 120)
    core.disk.remove(['m', 'c', cursorPage])
    const next = reread(core)
    next.online()
    next.hear(openedFrame(requestOf(next, 'open'), 110, 120, { reset: 'first' }))
    next.wait(1_000)
    expect(pages(next)).toEqual(['cursor: 10'])
  })
})

describe('L8 R29: two instances on one disk', () => {
  const both = (head: number): readonly [DrivenCore, DrivenCore] => {
    const here = live(drivenCore({ lane: 'here' }), head)
    const there = drivenCore({ disk: here.disk, lane: 'there' })
    there.online()
    there.dispatch({ kind: 'watch', conversation: 'c' })
    there.hear(openedFrame(requestOf(there, 'open'), head, head))
    there.wait(1_000)
    return [here, there]
  }
  const hear = (core: DrivenCore, ...seqs: number[]) => {
    core.hear(...seqs.map((seq) => said(seq)))
    core.wait(1_000)
  }

  it('each takes the other as its base, and no hole is ever stored', () => {
    const [here, there] = both(40)
    for (let seq = 41; seq <= 130; seq += 3) {
      hear(here, seq, seq + 1, seq + 2)
      expect(places(reread(here))).toEqual(range(1, seq + 2))
      hear(there, seq, seq + 1, seq + 2)
      expect(places(reread(here))).toEqual(range(1, seq + 2))
    }
  })

  it('one that is behind writes nothing over what stands, but takes its settled entries out', () => {
    const [here, there] = both(40)
    send(there, 'mine')
    hear(here, ...range(41, 60))
    there.hear(echo(41, 'mine'))
    there.wait(1_000)
    expect(cursorOf(here).value.head).toBe(60)
    expect(there.stored(['o'])).toEqual([])
    hear(there, ...range(42, 61))
    expect(cursorOf(here).value.head).toBe(61)
    expect(places(reread(here))).toEqual(range(1, 61))
  })

  it('after another wrote another epoch, everything is written anew', () => {
    const [here, there] = both(40)
    const cursor = cursorOf(here)
    here.disk.put({ ...cursor, version: 'other', value: { ...cursor.value, epoch: 'e9' } })
    hear(there, 41)
    expect(cursorOf(here).value).toMatchObject({ epoch: 'e1', head: 41 })
    expect(places(reread(here))).toEqual(range(1, 41))
  })

  it('L8: a tab that meets a new epoch later than another does not put its shorter log over the other one', () => {
    const { disk } = live(drivenCore({ lane: 'before' }), 20)
    const [late, early] = [drivenCore({ disk, lane: 'late' }), drivenCore({ disk, lane: 'early' })]
    for (const core of [late, early]) {
      core.dispatch({ kind: 'watch', conversation: 'c' })
      core.online()
    }
    late.hold()
    for (const core of [late, early]) core.hear(openedFrame(requestOf(core, 'open'), 0, 1, { reset: 'epoch', epoch: 'e2' }))
    early.hear(said(2, {}, { epoch: 'e2' }))
    for (const core of [early, late]) core.wait(1_000)
    late.release()
    late.wait(1_000)
    expect(disk.get(['m', 'c', cursorPage])?.value).toMatchObject({ epoch: 'e2', head: 2 })
  })

  it('L8: a log of equal length that ends in another change is another line', () => {
    const { disk } = live(drivenCore({ lane: 'before' }), 20)
    const [ours, theirs] = [drivenCore({ disk, lane: 'ours' }), drivenCore({ disk, lane: 'theirs' })]
    for (const core of [ours, theirs]) {
      core.dispatch({ kind: 'watch', conversation: 'c' })
      core.online()
      core.hear(openedFrame(requestOf(core, 'open'), 20, 20))
    }
    ours.hold()
    ours.hear(edited(21, 3))
    theirs.hear(edited(21, 4))
    const stored = () => disk.get(['m', 'c', cursorPage])?.value as CursorValue
    for (const core of [theirs, ours]) core.wait(1_000)
    disk.put({
      key: ['m', 'c', cursorPage],
      version: 'theirs',
      value: { ...stored(), tag: 'other', tags: [...stored().tags.slice(0, -1), 'other'] },
    })
    ours.release()
    ours.wait(1_000)
    expect(
      stored()
        .rows.map(({ rev }) => rev)
        .slice(2, 4),
    ).toEqual([21, 4])
  })

  /** Ours knows two changes to older rows that a longer line, with the same newest message, does not have; how far it has come, ours cannot tell. */
  const apart = () => {
    const { disk } = live(drivenCore({ lane: 'before' }), 600)
    const [ours, theirs] = [drivenCore({ disk, lane: 'ours' }), drivenCore({ disk, lane: 'theirs' })]
    for (const core of [ours, theirs]) {
      core.dispatch({ kind: 'watch', conversation: 'c' })
      core.online()
      core.hear(openedFrame(requestOf(core, 'open'), 600, 600))
    }
    ours.hold()
    // One is in memory, the other on disk alone.
    ours.hear(edited(601, 520), edited(602, 3))
    theirs.offline()
    theirs.online()
    theirs.hear(openedFrame(requestOf(theirs, 'open'), 600, 604, { tag: 'other' }))
    theirs.wait(1_000)
    ours.release()
    ours.wait(1_000)
    expect([ours, theirs].map((core) => core.conversation().cache.head)).toEqual([604, 604])
    return ours
  }

  it('L8: what a longer line may not have is not taken for stored', () => {
    const ours = apart()
    ours.hear(...[603, 604].map((seq) => said(seq, { index: seq - 3 })))
    ours.wait(1_000)
    expect(cursorOf(ours).value.rows.at(-1)).toMatchObject({ seq: 604, index: 601 })
    const held = foldPages(ours.stored(['m', 'c']), 0)
    // What is not in memory is not on disk either.
    expect([held.find(({ seq }) => seq === 520), held.find(({ seq }) => seq === 3)]).toMatchObject([{ rev: 601 }, undefined])
    expect(cursorOf(ours).value.first).toBe(held[0]?.index)
  })

  it('what a longer log of the same line has is not written again', () => {
    const [here, there] = both(40)
    here.hear(edited(41, 3), said(42, { index: 40 }))
    here.wait(1_000)
    there.hear(edited(41, 3))
    there.wait(1_000)
    const { version } = cursorOf(here)
    there.hear(said(42, { index: 40 }))
    there.wait(1_000)
    expect([cursorOf(here).version, there.conversation().cache]).toMatchObject([version, { dirty: false, patches: [], head: 42 }])
  })

  it('behind a longer log what is new waits until as much is known, and is dropped then, for that one has it', () => {
    const [here, there] = both(600)
    here.hear(said(601), edited(602, 3), ...range(603, 610).map((seq) => said(seq, { index: seq - 2 })))
    here.wait(1_000)
    there.hear(said(601))
    there.wait(1_000)
    there.forget()
    there.hear(edited(602, 3))
    there.wait(10_000)
    const { version } = cursorOf(here)
    expect([there.conversation().cache, there.effects('commit').length]).toMatchObject([{ patches: [{ seq: 3 }], dirty: true }, 0])
    there.hear(...range(603, 610).map((seq) => said(seq, { index: seq - 2 })))
    there.wait(10_000)
    expect([there.conversation().cache, cursorOf(here).version]).toMatchObject([{ patches: [], dirty: false, head: 610 }, version])
  })

  it('a conflict in one conversation gives back what the others had in the same commit', () => {
    const [here, there] = both(40)
    there.dispatch({ kind: 'watch', conversation: 'x' })
    there.hear(openedFrame(requestOf(there, 'open'), 0, 3, { reset: 'first', conversation: 'x' }))
    there.wait(1_000)
    hear(here, 41)
    there.hear(said(4, {}, { conversation: 'x' }), said(41))
    there.wait(1_000)
    expect(there.stored(['m', 'x', cursorPage])).toMatchObject([{ value: { head: 4 } }])
    expect(cursorOf(there).value.head).toBe(41)
  })
})
