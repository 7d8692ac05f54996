/** Lanes (R16) and what the first read brings besides: claimed, adopted once, told where damaged; and what is promised of a write (R11). */
import { describe, expect, it } from 'vitest'
import { type DrivenCore, drivenCore } from '../../../test/fakes/driven-core.js'
import { live, openWith, send } from '../../../test/fakes/wire-frames.js'

const stored = (core: DrivenCore, lane: string, localId: string, n = 1) =>
  core.disk.put({ key: ['o', 'c', lane, n], version: localId, value: { localId, content: 1, bytes: 5 } })
const ids = (core: DrivenCore) => core.conversation().entries.map(({ localId }) => localId)

describe('R16: the first read', () => {
  it('claims the lanes that are there, each once, in order', () => {
    const core = drivenCore({ claim: null })
    for (const lane of ['b', 'a']) stored(core, lane, lane)
    stored(core, 'b', 'b2', 2)
    core.dispatch({ kind: 'open-disk' })
    expect(core.effects('load').map(({ ranges }) => ranges)).toEqual([['g', 'o', 'r', 'u', 'i'].map((kind) => ({ prefix: [kind] }))])
    expect(core.effects('claim-lanes')).toEqual([{ kind: 'claim-lanes', lanes: ['a', 'b'] }])
    core.dispatch({ kind: 'lanes-claimed', lanes: ['a'] })
    core.dispatch({ kind: 'lanes-claimed', lanes: [] })
    expect(core.effects('load')[1]?.ranges).toEqual([{ prefix: ['o'] }])
  })

  it('is at its end when all have been asked for, also where there are none', () => {
    const core = drivenCore({ claim: null })
    core.dispatch({ kind: 'open-disk' })
    expect([core.effects('claim-lanes'), core.state().disk.phase]).toEqual([[{ kind: 'claim-lanes', lanes: [] }], 'claiming'])
    core.dispatch({ kind: 'lanes-claimed', lanes: [] })
    expect(core.state().disk.phase).toBe('ready')
  })

  it('is not lost to a lane that is freed meanwhile', () => {
    const core = drivenCore({ claim: () => false })
    core.disk.put({ key: ['g'], version: 'g', value: null })
    stored(core, 'freed', 'x')
    core.hold()
    core.dispatch({ kind: 'open-disk' })
    core.dispatch({ kind: 'lanes-claimed', lanes: ['freed'] })
    core.release()
    expect([core.state().disk.phase, ids(core)]).toEqual(['ready', ['x']])
  })

  it('tells what is damaged, and what cannot be read', () => {
    const core = drivenCore()
    core.disk.put({ key: ['o', 'c', 'old', 1], version: 'x', value: null })
    core.disk.put({ key: ['r', 7], version: '', value: { epoch: 'e1', read: 3 } })
    core.dispatch({ kind: 'open-disk' })
    expect(core.reports('warning')).toMatchObject([{ fields: { key: ['o', 'c', 'old', 1] } }])
    expect(core.state().conversations).toEqual([])
    const unreadable = drivenCore()
    unreadable.hold()
    unreadable.dispatch({ kind: 'open-disk' })
    unreadable.dispatch({ kind: 'disk-unreadable', ask: unreadable.state().disk.ask })
    expect(unreadable.reports('warning')).toHaveLength(1)
  })
})

describe('L1 R16: a lane that ends around the first read', () => {
  /** Two lanes of before; that of `a` has ended, and is being read. */
  function reading() {
    const core = drivenCore({ claim: null })
    core.disk.put({ key: ['g'], version: 'g', value: null })
    for (const lane of ['a', 'x']) stored(core, lane, `${lane}1`)
    core.dispatch({ kind: 'open-disk' })
    core.hold()
    core.dispatch({ kind: 'lanes-claimed', lanes: ['a'] })
    core.dispatch({ kind: 'lanes-claimed', lanes: [] })
    return core
  }

  it('is adopted with what was written into it at last, while the other was being read', () => {
    const core = reading()
    const { ask } = core.state().disk
    const rows = core.stored(['o'])
    stored(core, 'x', 'x2', 2)
    core.dispatch({ kind: 'lanes-claimed', lanes: ['x'] })
    core.dispatch({ kind: 'disk-rows', ask, rows })
    core.release()
    expect(ids(core)).toEqual(['a1', 'x1', 'x2'])
  })

  it.each(['nothing', 'another lane'])('is read again where it could not be read, and %s has been freed since', (since) => {
    const core = reading()
    core.dispatch({ kind: 'disk-unreadable', ask: core.state().disk.ask })
    core.release()
    expect(core.state().disk).toMatchObject({ phase: 'ready', freed: ['a'] })
    if (since === 'nothing') send(core, 'mine')
    else core.dispatch({ kind: 'lanes-claimed', lanes: ['x'] })
    expect(ids(core).toSorted()).toEqual(since === 'nothing' ? ['a1', 'mine'] : ['a1', 'x1'])
    expect(core.state().disk.freed).toEqual([])
  })
})

describe('L2 L5: a lane that is claimed twice', () => {
  it('brings nothing twice', () => {
    const core = live(drivenCore({ claim: () => false }), 5)
    stored(core, 'other', 'x')
    core.dispatch({ kind: 'lanes-claimed', lanes: ['other'] })
    stored(core, 'other', 'y', 2)
    core.dispatch({ kind: 'lanes-claimed', lanes: ['other'] })
    expect(ids(core)).toEqual(['x', 'y'])
    expect(core.state().outbox).toMatchObject({ entries: 2, bytes: 10 })
    expect(core.sent('operation').map(({ localId }) => localId)).toEqual(['x', 'y'])
  })
})

describe('L1 R11: a write', () => {
  it('promises nothing of what was changed since: taken back means that the disk has forgotten it', () => {
    const core = drivenCore()
    core.dispatch({ kind: 'watch', conversation: 'c' })
    core.hold()
    send(core, 'a')
    const { commit } = core.effects('commit').at(-1)!
    core.dispatch({ kind: 'discard', conversation: 'c', localId: 'a' })
    core.dispatch({ kind: 'committed', commit })
    expect([core.reports('discarded'), core.entry('a')?.arm.kind]).toEqual([[], 'saving'])
    core.release()
    expect([core.reports('discarded').length, core.stored(['o'])]).toEqual([1, []])
  })

  it('that fails says how often it has', () => {
    const core = live(drivenCore(), 5)
    core.failCommits('full')
    send(core, 'a')
    core.wait(3_000)
    expect(core.reports('warning')).toMatchObject([{ fields: { code: 'full', failures: 1 } }, { fields: { code: 'full', failures: 2 } }])
  })

  it('L2 R13: left where rows no longer are is not found again and sent: the server hears of what is taken back, before or after', () => {
    const moved = { kind: 'disk-state', state: { kind: 'memory', reason: 'lost', cacheBytes: 1_000 } } as const
    const takenBack = { kind: 'discard', conversation: 'c', localId: 'a' } as const
    for (const events of [
      [takenBack, moved],
      [moved, takenBack],
    ]) {
      const core = drivenCore()
      core.dispatch({ kind: 'watch', conversation: 'c' })
      send(core, 'a')
      core.hold()
      for (const event of events) core.dispatch(event)
      core.release()
      expect(core.reports('discarded')).toEqual([])
      core.online()
      openWith(core, 5)
      expect(core.sent('operation')).toMatchObject([{ localId: 'a', operation: { kind: 'void' } }])
    }
  })

  it('under way to where rows no longer are is made anew', () => {
    const core = drivenCore()
    core.dispatch({ kind: 'open-disk' })
    core.hold()
    const moved = () => core.dispatch({ kind: 'disk-state', state: { kind: 'memory', reason: 'lost', cacheBytes: 1_000 } })
    const founding = drivenCore()
    founding.failCommits('failed')
    founding.dispatch({ kind: 'open-disk' })
    founding.forget()
    founding.dispatch({ kind: 'disk-state', state: { kind: 'memory', reason: 'lost', cacheBytes: 1_000 } })
    expect(founding.effects('commit')).toMatchObject([{ writes: [{ row: { key: ['g'] } }] }])
    moved()
    core.release()
    expect(core.state().disk.phase).toBe('ready')
  })
})
