/** What another instance's cursor is taken for (L8, R8): where the line went back, behind what was written here, ahead of what is known. */
import { describe, expect, it } from 'vitest'
import { type DrivenCore, drivenCore } from '../../../test/fakes/driven-core.js'
import { edited, live, openedFrame, requestOf, row, rows, said } from '../../../test/fakes/wire-frames.js'
import { cursorPage, type CursorValue } from './cache-state.js'
import { foldPages } from './stored-rows.js'

const cursorKey = ['m', 'c', cursorPage]
const cursor = (core: DrivenCore) => core.disk.get(cursorKey)?.value as CursorValue
const clears = (core: DrivenCore) => core.effects('commit').flatMap(({ writes }) => writes.filter(({ kind }) => kind === 'clear')).length
const tagsOf = (first: number, last: number) => rows(first, last).map(({ seq }) => `t${seq}`)

/** Another instance writes this over the cursor. */
function overtake(core: DrivenCore, change: Partial<CursorValue>): void {
  core.disk.put({ key: cursorKey, version: 'theirs', value: { ...cursor(core), ...change } })
  core.forget()
}

describe('L8 R8: the longer cursor of before a line went back, and parted behind the head that is left', () => {
  const longer: Partial<CursorValue> = { head: 22, tag: 't22', tags: tagsOf(1, 22), rows: rows(1, 22) }
  const goesBack = (core: DrivenCore) => {
    core.offline()
    core.online()
    core.hear(openedFrame(requestOf(core, 'open'), 0, 10, { reset: 'ahead' }))
  }

  it.each<[string, (core: DrivenCore) => void]>([
    [
      'is met by the commit that follows',
      (core) => {
        overtake(core, longer)
        goesBack(core)
      },
    ],
    [
      'is met by a commit from before',
      (core) => {
        core.hold()
        core.hear(said(21))
        core.wait(200)
        goesBack(core)
        overtake(core, longer)
        core.release()
      },
    ],
  ])('%s: nothing of it is left', (_, meets) => {
    const core = live(drivenCore(), 20)
    meets(core)
    core.wait(2_000)
    expect(cursor(core)).toMatchObject({ head: 10, rows: rows(1, 10) })
  })
})

describe('L8 R29: the cursor of another instance, on the same line', () => {
  it('that went back behind what was written here: all is written anew, as it may lack what was', () => {
    const core = live(drivenCore(), 60)
    const before = { cursor: cursor(core), page: core.stored(['m', 'c', 0]) }
    core.hear(edited(61, 3))
    core.wait(1_000)
    overtake(core, before.cursor)
    for (const page of before.page) core.disk.put(page)
    core.hear(said(62, { index: 60 }))
    core.wait(2_000)
    expect([cursor(core).head, clears(core), foldPages(core.stored(['m', 'c']), 2, 2)]).toMatchObject([62, 1, [{ rev: 61 }]])
  })

  it('whose tags begin right above our head is too far on to say so, and stands', () => {
    const core = live(drivenCore(), 40)
    overtake(core, { head: 49, tag: 't49', tags: tagsOf(42, 49), rows: rows(1, 49) })
    core.hear(said(41))
    core.wait(2_000)
    expect([cursor(core).head, clears(core)]).toEqual([49, 0])
  })

  it('R23: ahead of ours, its watermarks and mark are not taken: it may yet part from it', () => {
    const core = live(drivenCore(), 40)
    const marks = [{ user: 'ann', delivered: 42, read: 42 }]
    overtake(core, {
      head: 42,
      tag: 'other',
      tags: [...tagsOf(1, 41), 'other'],
      rows: [...rows(1, 41), row(42, { id: 'other' })],
      marks,
      marked: { at: 9, rev: 9 },
    })
    core.hear(said(41))
    core.wait(2_000)
    const known = () => [core.conversation().receipts.marks.get('ann'), core.conversation().receipts.marked.rev]
    expect([cursor(core).head, known()]).toEqual([42, [undefined, 0]])
    core.hear(said(42), said(43))
    core.wait(2_000)
    expect([cursor(core), known()]).toMatchObject([{ head: 43, tag: 't43', marks: [] }, [undefined, 0]])
  })
})
