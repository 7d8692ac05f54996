/** What a reload makes of a stored entry (R11, R13, R16). */
import { describe, expect, it } from 'vitest'
import { type DrivenCore, drivenCore } from '../../../test/fakes/driven-core.js'
import { ack, live, row, send } from '../../../test/fakes/wire-frames.js'
import type { Key } from '../../ports/storage.js'

type Stored = Record<string, unknown>

/** A core whose disk has these entries of an instance that is gone. */
function reloaded(...entries: readonly Stored[]): DrivenCore {
  const core = drivenCore()
  for (const [n, value] of entries.entries())
    core.disk.put({ key: ['o', 'c', 'old', n], version: 'x', value: { content: 1, bytes: 5, ...value } })
  core.dispatch({ kind: 'open-disk' })
  return core
}

const discard = (core: DrivenCore, localId: string) => core.dispatch({ kind: 'discard', conversation: 'c', localId })

it('an entry is of the time that the server has', () => {
  const core = drivenCore()
  core.online({ time: 1_005_000 })
  send(core, 'a')
  expect(core.entry('a')?.at).toBe(1_005_000)
})

it('and with no link of the time that the device has', () => {
  const core = drivenCore()
  core.dispatch({ kind: 'open-disk' })
  send(core, 'a')
  expect(core.entry('a')?.at).toBeGreaterThan(0)
})

describe('R13 R16: an entry of before', () => {
  it('is on disk already', () => {
    expect(reloaded({ localId: 'a' }).entry('a')).toMatchObject({ stored: true, bytes: 5, handed: true })
  })

  it('that was being taken back goes on being taken back', () => {
    const core = live(reloaded({ localId: 'a', voiding: true }), 5)
    expect(core.sent('operation')).toMatchObject([{ localId: 'a', operation: { kind: 'void' } }])
  })

  it.each([
    [true, ['a']],
    [false, []],
  ])('that failed for good (%s) goes at once when it is taken back, one that may have landed does not', (final, gone) => {
    const core = reloaded({ localId: 'a', failed: { code: 'forbidden', final, behind: 3 } })
    discard(core, 'a')
    expect(core.reports('discarded').map(({ localId }) => localId)).toEqual(gone)
  })

  it('tried again and then taken back may still have landed', () => {
    const core = reloaded({ localId: 'a', failed: { code: 'gave-up', final: false, behind: 3 } })
    core.dispatch({ kind: 'retry', conversation: 'c', localId: 'a' })
    discard(core, 'a')
    expect(core.reports('discarded')).toEqual([])
    live(core, 5)
    expect(core.sent('operation')).toMatchObject([{ localId: 'a', operation: { kind: 'void' } }])
  })

  it('says nothing of how long it took', () => {
    const core = live(reloaded({ localId: 'a' }), 5)
    core.hear(ack('a', 6))
    expect(core.reports('sent')).toMatchObject([{ tookMs: -1 }])
  })

  it('is counted with no bytes where they are damaged', () => {
    expect(reloaded({ localId: 'a', bytes: 'many' }).state().outbox).toMatchObject({ entries: 1, bytes: 0 })
  })

  it.each<[string, Key, Stored]>([
    ['no content', ['o', 'c', 'old', 1], { localId: 'a', content: undefined }],
    ['no conversation', ['o', 7, 'old', 1], { localId: 'a', content: 1 }],
    ['no place', ['o', 'c', 'old', 'x'], { localId: 'a', content: 1 }],
  ])('is not sent with %s', (_, key, value) => {
    const core = drivenCore()
    core.disk.put({ key, version: 'x', value })
    core.dispatch({ kind: 'open-disk' })
    expect(core.reports('warning')).toHaveLength(1)
    expect(core.state().outbox.entries).toBe(0)
  })
})

describe('L5: adopted when the log has its message already', () => {
  const mine = (seq: number) => row(seq, { author: 'me', localId: 'a' })
  const freed = (core: DrivenCore) => {
    core.disk.put({ key: ['o', 'c', 'old', 1], version: 'x', value: { localId: 'a', content: 1 } })
    core.dispatch({ kind: 'lanes-claimed', lanes: ['old'] })
    core.wait(5_000)
    return [core.entry('a'), core.stored(['o'])]
  }

  it('it leaves at once', () => {
    expect(freed(live(drivenCore(), 5, 1, { rows: [mine(5)] }))).toEqual([undefined, []])
  })

  it('also where the message stands in an older window', () => {
    const core = live(drivenCore(), 90, 5)
    core.dispatch({ kind: 'jump', conversation: 'c', call: 1, seq: 20 })
    const { request } = core.sent('history')[0] ?? { request: 0 }
    core.hear({ type: 'page', request, conversation: 'c', epoch: 'e1', asOf: 90, from: 19, to: 20, rows: [mine(20)], people: [] })
    expect(freed(core)).toEqual([undefined, []])
  })

  it('not for the message of somebody else under the same id', () => {
    const core = live(drivenCore(), 5, 1, { rows: [row(5, { author: 'ann', localId: 'a' })] })
    expect(freed(core)[0]).toMatchObject({ localId: 'a' })
  })
})
