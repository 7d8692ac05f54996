/** What has become of an own message, as far as memory tells. */
import { describe, expect, it } from 'vitest'
import { drivenCore } from '../../test/fakes/driven-core.js'
import { ack, echo, live, reject, said, send } from '../../test/fakes/wire-frames.js'
import { settledRow } from './select.js'

describe('an own message', () => {
  it('stands where the server put it, before its row has come too', () => {
    const core = live(drivenCore(), 5)
    send(core, 'a')
    expect(settledRow(core.state(), 'a')).toEqual({ row: undefined })
    core.hear(ack('a', 7))
    expect(settledRow(core.state(), 'a')?.row).toMatchObject({ localId: 'a', author: 'me', seq: 7, rev: 7 })
  })

  it('is told by its failure', () => {
    const core = live(drivenCore(), 5)
    send(core, 'a')
    core.hear(reject('a', { final: true, code: 'forbidden' }))
    expect(settledRow(core.state(), 'a')).toMatchObject({ code: 'forbidden' })
  })

  it('is none of another user under the same id, and no other one', () => {
    const core = live(drivenCore(), 5)
    core.hear(said(6, { localId: 'a' }))
    expect(settledRow(core.state(), 'a')).toBeUndefined()
    core.hear(echo(7, 'a'), echo(8, 'b'), said(9, { localId: 'a' }))
    expect(settledRow(core.state(), 'a')?.row?.seq).toBe(7)
  })
})
