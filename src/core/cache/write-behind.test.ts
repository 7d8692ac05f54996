import { describe, expect, it } from 'vitest'
import { drivenCore } from '../../../test/fakes/driven-core.js'
import { live, said } from '../../../test/fakes/wire-frames.js'
import type { Row } from '../../ports/storage.js'
import type { CursorValue } from './cache-state.js'
import { foldPages } from './stored-rows.js'

describe('write-behind', () => {
  it('keeps all that was stored while messages come faster than the disk takes them', () => {
    const core = live(drivenCore(), 50)
    let seq = 50
    for (let flight = 0; flight < 5; flight++) {
      core.hold()
      // More than half a window behind one commit, whole pages at a time: the window is halved meanwhile.
      for (let burst = 0; burst < 12; burst++) core.hear(...Array.from({ length: 50 }, () => said(++seq)))
      core.release()
    }
    core.wait(1_000)
    const [cursor, ...pages] = core.stored(['m', 'c']).reverse() as [Row, ...Row[]]
    const { first, rows } = cursor.value as CursorValue
    const stored = [...foldPages(pages, first, (rows[0]?.index ?? 0) - 1), ...rows]
    expect(first).toBe(0)
    expect(stored.map(({ index }) => index)).toEqual(Array.from({ length: seq }, (_, index) => index))
  })
  it('writes as many pages as there are rows for, whatever index a server says', () => {
    const core = live(drivenCore(), 60)
    core.wait(1_000)
    core.forget()
    core.hear(said(61, { index: 2 ** 52 }))
    core.wait(1_000)
    const writes = core.effects('commit').flatMap((effect) => effect.writes)
    const keys = writes.flatMap((write) => (write.kind === 'put' && write.row.key[0] === 'm' ? [write.row.key[2]] : []))
    expect(keys).toEqual([1, Number.MAX_SAFE_INTEGER])
  })
})
