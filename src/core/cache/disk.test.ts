/** Every phase of the disk against everything that can happen to it; a missing cell does not compile. Then what failing disks do. */
import { describe, expect, it } from 'vitest'
import { type DrivenCore, drivenCore } from '../../../test/fakes/driven-core.js'
import { echo, live, openWith, reject, said, send } from '../../../test/fakes/wire-frames.js'
import type { Effect } from '../event.js'
import * as timing from '../timing.js'
import type { DiskState } from './disk-state.js'

type Phase = DiskState['phase'] | 'ready, committing'
type Input =
  | 'first use'
  | 'rows'
  | 'rows with a generation'
  | 'rows with a lane of another'
  | 'rows of an older ask'
  | 'unreadable'
  | 'lanes claimed'
  | 'committed'
  | 'committed, another number'
  | 'commit failed'
  | 'conflict'
  | 'moved to memory'

const generation = { key: ['g'], version: 'g1', value: null }
const foreign = { key: ['o', 'c', 'other', 1], version: 'x', value: { localId: 'x', content: 1 } }

const phases: Record<Phase, () => DrivenCore> = {
  closed() {
    const core = drivenCore({ claim: () => false })
    core.hold()
    return core
  },
  opening() {
    const core = phases.closed()
    core.dispatch({ kind: 'open-disk' })
    return core
  },
  claiming() {
    const core = drivenCore({ claim: null })
    core.hold()
    core.dispatch({ kind: 'open-disk' })
    inputs['rows with a lane of another'](core)
    return core
  },
  founding() {
    const core = phases.opening()
    inputs.rows(core)
    return core
  },
  ready() {
    const core = phases.opening()
    inputs['rows with a generation'](core)
    return core
  },
  'ready, committing'() {
    const core = phases.ready()
    send(core, 'mine')
    return core
  },
  fenced() {
    const core = phases['ready, committing']()
    inputs.conflict(core)
    return core
  },
}

const last = <K extends 'load' | 'commit'>(core: DrivenCore, kind: K): Extract<Effect, { kind: K }> | undefined => core.effects(kind).at(-1)
const ask = (core: DrivenCore) => core.effects('load').find(({ ranges }) => ranges.length > 1)?.ask ?? -1
const commit = (core: DrivenCore) => last(core, 'commit')?.commit ?? -1

const inputs: Record<Input, (core: DrivenCore) => void> = {
  'first use': (core) => core.dispatch({ kind: 'open-disk' }),
  rows: (core) => core.dispatch({ kind: 'disk-rows', ask: ask(core), rows: [] }),
  'rows with a generation': (core) => core.dispatch({ kind: 'disk-rows', ask: ask(core), rows: [generation] }),
  'rows with a lane of another': (core) => core.dispatch({ kind: 'disk-rows', ask: ask(core), rows: [generation, foreign] }),
  'rows of an older ask': (core) => core.dispatch({ kind: 'disk-rows', ask: 12_345, rows: [generation] }),
  unreadable: (core) => core.dispatch({ kind: 'disk-unreadable', ask: ask(core) }),
  'lanes claimed': (core) => core.dispatch({ kind: 'lanes-claimed', lanes: [] }),
  committed: (core) => core.dispatch({ kind: 'committed', commit: commit(core) }),
  'committed, another number': (core) => core.dispatch({ kind: 'committed', commit: 12_345 }),
  'commit failed': (core) => core.dispatch({ kind: 'commit-failed', commit: commit(core), code: 'full' }),
  conflict: (core) => core.dispatch({ kind: 'commit-failed', commit: commit(core), code: 'conflict', key: ['g'] }),
  'moved to memory': (core) => core.dispatch({ kind: 'disk-state', state: { kind: 'memory', reason: 'lost', cacheBytes: 1 } }),
}

const all = (phase: DiskState['phase']) => Object.fromEntries(Object.keys(inputs).map((input) => [input, phase])) as Cells
type Cells = Record<Input, DiskState['phase']>

const table: Record<Phase, Cells> = {
  closed: { ...all('closed'), 'first use': 'opening' },
  opening: {
    ...all('opening'),
    rows: 'founding',
    'rows with a generation': 'ready',
    'rows with a lane of another': 'ready',
    unreadable: 'founding',
  },
  claiming: { ...all('claiming'), 'lanes claimed': 'ready', 'moved to memory': 'opening' },
  founding: { ...all('founding'), committed: 'ready', conflict: 'opening' },
  ready: { ...all('ready'), 'moved to memory': 'founding' },
  'ready, committing': { ...all('ready'), conflict: 'fenced', 'moved to memory': 'founding' },
  fenced: all('fenced'),
}

describe('L1 R16: a lane whose instance ends later', () => {
  /** Online, with a message of its own on its way, while another instance lives whose entry is on the disk. */
  function besideAnother() {
    const core = drivenCore({ claim: () => false })
    core.disk.put(generation)
    core.disk.put(foreign)
    core.online()
    core.dispatch({ kind: 'watch', conversation: 'c' })
    openWith(core, 5)
    send(core, 'mine')
    return core
  }

  it('is read again and adopted, with what was written into it since', () => {
    const core = besideAnother()
    core.disk.put({ key: ['o', 'c', 'other', 2], version: 'y', value: { localId: 'y', content: 2 } })
    core.disk.put({ key: ['o', 'c', 'third', 1], version: 'z', value: { localId: 'z', content: 3 } })
    expect(core.sent('operation').map(({ localId }) => localId)).toEqual(['mine'])
    core.dispatch({ kind: 'lanes-claimed', lanes: ['other'] })
    expect(core.conversation().entries.map(({ localId }) => localId)).toEqual(['mine', 'x', 'y'])
    expect(core.state().disk.adopted).toEqual(['x', 'y'])
    expect(core.sent('operation').map(({ localId, after }) => [localId, after])).toEqual([
      ['mine', undefined],
      ['x', 'mine'],
      ['y', 'x'],
    ])
  })

  it('L5: what stands in two lanes is one entry', () => {
    const core = drivenCore({ claim: () => false })
    core.disk.put(generation)
    core.disk.put(foreign)
    core.disk.put({ ...foreign, key: ['o', 'c', 'third', 1] })
    core.online()
    core.dispatch({ kind: 'watch', conversation: 'c' })
    core.dispatch({ kind: 'lanes-claimed', lanes: ['other', 'third'] })
    openWith(core, 5)
    expect(core.conversation().entries.map(({ localId }) => localId)).toEqual(['x'])
    expect(core.state().outbox.entries).toBe(1)
  })

  it('L6 R12: each operation names the one before it of its lane, the first of a lane what stands before it: of unknown fate, one of another lane vouches for no more', () => {
    const core = besideAnother()
    core.dispatch({ kind: 'lanes-claimed', lanes: ['other'] })
    send(core, 'later')
    expect(core.sent('operation').map(({ localId, after }) => [localId, after])).toEqual([
      ['mine', undefined],
      ['x', 'mine'],
      ['later', 'mine'],
    ])
  })

  it('R17: stands behind what is on its way and ahead of the rest, so that no more than the window is in flight', () => {
    const core = drivenCore({ claim: () => false })
    core.disk.put(generation)
    core.disk.put(foreign)
    core.online()
    core.dispatch({ kind: 'watch', conversation: 'c' })
    openWith(core, 5)
    for (let n = 0; n < 9; n++) send(core, `mine${n}`)
    core.dispatch({ kind: 'lanes-claimed', lanes: ['other'] })
    const { entries } = core.conversation()
    expect(entries.filter(({ arm }) => arm.kind === 'inflight')).toHaveLength(8)
    expect(entries.slice(7).map(({ localId }) => localId)).toEqual(['mine7', 'x', 'mine8'])
  })

  it.each(['opening', 'claiming'] as const)('may end while the disk is %s: it is read once all have been asked for', (phase) => {
    const core = phases[phase]()
    core.dispatch({ kind: 'lanes-claimed', lanes: ['other'] })
    if (phase === 'opening') inputs['rows with a generation'](core)
    core.dispatch({ kind: 'lanes-claimed', lanes: ['third'] })
    expect(core.state().disk).toMatchObject({ phase: 'claiming', freed: ['other', 'third'], adopted: [] })
    core.dispatch({ kind: 'lanes-claimed', lanes: [] })
    core.dispatch({ kind: 'disk-rows', ask: core.state().disk.ask, rows: [generation, foreign] })
    expect(core.state().disk).toMatchObject({ phase: 'ready', freed: [], adopted: ['x'] })
    expect(core.conversation().entries.map(({ localId }) => localId)).toEqual(['x'])
  })

  it('L5: has an entry once that stands in two rows, tried again in one tab and failed in another: the later row counts', () => {
    const core = phases.claiming()
    const failed = { kind: 'failed', code: 'rejected', final: true, behind: 0 }
    core.disk.put({ key: ['o', 'c', 'other', 1], version: 'x', value: { localId: 'x', content: 1, failed } })
    core.disk.put({ key: ['o', 'c', 'other', 2], version: 'x', value: { localId: 'x', content: 1 } })
    core.dispatch({ kind: 'lanes-claimed', lanes: ['other'] })
    core.dispatch({ kind: 'lanes-claimed', lanes: [] })
    core.release()
    expect(core.conversation().entries.map(({ localId, arm }) => [localId, arm.kind])).toEqual([['x', 'queued']])
    expect(core.state().outbox.entries).toBe(1)
  })

  it('is not counted as adopted where it cannot be read; sending goes on, and it is read again', () => {
    const core = phases.claiming()
    core.dispatch({ kind: 'lanes-claimed', lanes: [] })
    core.dispatch({ kind: 'lanes-claimed', lanes: ['other'] })
    expect(core.state().disk).toMatchObject({ phase: 'ready', freed: ['other'] })
    core.dispatch({ kind: 'disk-unreadable', ask: core.state().disk.ask })
    expect(core.state().disk).toMatchObject({ phase: 'ready', adopted: [], freed: ['other'] })
  })
})

describe('L1 L10 R29: the disk', () => {
  const cells = Object.entries(table).flatMap(([phase, row]) =>
    Object.entries(row).map(([input, next]) => [phase as Phase, input as Input, next] as const),
  )
  it.each(cells)('%s, %s: %s', (phase, input, next) => {
    const core = phases[phase]()
    inputs[input](core)
    expect(core.state().disk.phase).toBe(next)
  })

  it.each(['opening', 'claiming'] as const)(
    'moved while %s: what was read of the old place counts for nothing, and the chat goes on',
    (phase) => {
      const core = drivenCore({ claim: null })
      core.disk.put(generation)
      if (phase === 'opening') core.hold()
      core.dispatch({ kind: 'open-disk' })
      expect(core.state().disk.phase).toBe(phase)
      const { ask } = core.state().disk
      core.disk.clear({ prefix: [] })
      inputs['moved to memory'](core)
      core.dispatch({ kind: 'disk-rows', ask, rows: [generation] })
      core.release()
      core.dispatch({ kind: 'lanes-claimed', lanes: [] })
      send(core, 'mine')
      core.wait(1_000)
      expect([core.state().disk.phase, core.state().session.phase]).toEqual(['ready', 'idle'])
      expect(core.stored(['o'])).toHaveLength(1)
    },
  )

  it('R29: writes the generation before anything else, and expects it ever after', () => {
    const core = phases.founding()
    send(core, 'mine')
    expect(core.effects('commit')).toMatchObject([{ writes: [{ row: { key: ['g'] } }], expect: [{ key: ['g'], version: null }] }])
    inputs.committed(core)
    const { version } = (core.effects('commit')[0]!.writes[0] as { row: { version: string } }).row
    expect(last(core, 'commit')).toMatchObject({ durability: 'strict', expect: [{ key: ['g'], version }] })
  })

  it('R29: where another wrote the first generation, it is read again and the rows go under it', () => {
    const core = drivenCore()
    core.hold()
    send(core, 'mine')
    core.disk.put(generation)
    core.release()
    expect(core.state().disk).toMatchObject({ phase: 'ready', generation: 'g1' })
    expect(core.stored(['o'])).toHaveLength(1)
    expect(core.entry('mine')?.arm.kind).toBe('queued')
  })

  it('L10: a generation that is gone ends the session, and nothing is written or sent any more', () => {
    const core = live(drivenCore(), 5)
    core.disk.clear({ prefix: [] })
    core.disk.put({ key: ['g'], version: 'of another', value: null })
    send(core, 'mine')
    expect(core.reports('fenced')).toHaveLength(1)
    expect(core.state().session.phase).toBe('closed')
    expect(core.effects('close')).toHaveLength(1)
    core.forget()
    core.hear(said(6))
    send(core, 'more')
    core.wait(60_000)
    expect(core.effects('transmit')).toEqual([])
    expect(core.stored([])).toMatchObject([{ version: 'of another' }])
  })

  it('L10: a cache commit that meets another generation fences too', () => {
    const core = live(drivenCore(), 5)
    core.disk.put({ key: ['g'], version: 'of another', value: null })
    core.hear(said(6))
    core.wait(1_000)
    expect(core.state().disk.phase).toBe('fenced')
  })

  it('L1: `queued` only when written; entries that follow wait for the next commit', () => {
    const core = drivenCore()
    core.dispatch({ kind: 'open-disk' })
    core.hold()
    send(core, 'a')
    send(core, 'b')
    expect([core.entry('a')?.arm.kind, core.entry('b')?.arm.kind]).toEqual(['saving', 'saving'])
    expect(core.effects('commit').at(-1)?.writes).toHaveLength(1)
    core.release()
    expect([core.entry('a')?.stored, core.entry('b')?.stored]).toEqual([true, true])
  })

  it('L1: a disk that fails says so, sends from memory at once, and is written as soon as it can be', () => {
    const core = live(drivenCore(), 5)
    core.failCommits('full')
    send(core, 'a')
    expect(core.entry('a')).toMatchObject({ arm: { kind: 'inflight' }, stored: false })
    expect(core.reports('warning')).toHaveLength(1)
    send(core, 'b')
    expect(core.entry('b')).toMatchObject({ arm: { kind: 'inflight' }, stored: false })
    core.failCommits(null)
    core.wait(5_000)
    expect(core.stored(['o'])).toHaveLength(2)
    expect(core.entry('b')?.stored).toBe(true)
  })

  describe('in memory', () => {
    const inMemory = () => {
      const core = live(drivenCore(), 5)
      core.dispatch({ kind: 'disk-state', state: { kind: 'memory', cacheBytes: 1_000_000 } })
      core.wait(1_000)
      send(core, 'first')
      core.forget()
      return core
    }
    const storedIds = (core: DrivenCore) => core.stored(['o']).map(({ version }) => version)

    it('R35: the outbox is written at once, then as seldom as the cache', () => {
      const core = inMemory()
      expect(storedIds(core)).toEqual(['first'])
      send(core, 'second')
      send(core, 'third')
      expect(core.sent('operation')).toHaveLength(2)
      core.wait(timing.writeBehindMs - 1)
      expect(core.effects('commit')).toEqual([])
      core.wait(1)
      expect(storedIds(core)).toEqual(['first', 'second', 'third'])
    })

    it('R35: a row is never written whose message the log has taken in before', () => {
      const core = inMemory()
      send(core, 'second')
      core.hear(echo(6, 'first'), echo(7, 'second'))
      core.wait(1_000)
      const puts = core
        .effects('commit')
        .flatMap(({ writes }) => writes.filter((write) => write.kind === 'put' && write.row.key[0] === 'o'))
      expect(puts).toEqual([])
      expect(storedIds(core)).toEqual([])
    })

    it('R11: what waits for its row waits for nothing else, and takes along what was before it', () => {
      const core = inMemory()
      core.hear(reject('first', { final: true, code: 'forbidden' }))
      send(core, 'second')
      core.dispatch({ kind: 'retry', conversation: 'c', localId: 'first' })
      expect(core.entry('first')?.arm.kind).toBe('inflight')
      expect(storedIds(core)).toEqual(['second', 'first'])
    })

    it('R16: at the end everything is written, for the next over the same rows', () => {
      const core = inMemory()
      send(core, 'second')
      core.dispatch({ kind: 'close' })
      expect(storedIds(core)).toEqual(['first', 'second'])
    })
  })

  it('L1: retries of the disk double to 30 s', () => {
    const core = drivenCore()
    core.dispatch({ kind: 'open-disk' })
    core.failCommits('failed')
    send(core, 'a')
    const waits: number[] = []
    for (let i = 0; i < 6; i++) {
      waits.push(core.state().wakeAtMs - core.nowMs())
      core.wait(waits.at(-1) as number)
    }
    expect(waits).toEqual([2_000, 4_000, 8_000, 16_000, 30_000, 30_000])
  })

  it('L1: rows that moved are written anew: unsettled entries, registers and the log', () => {
    const core = live(drivenCore(), 5)
    core.dispatch({ kind: 'mark-read', conversation: 'c' })
    send(core, 'mine')
    core.wait(1_000)
    core.disk.clear({ prefix: [] })
    inputs['moved to memory'](core)
    core.wait(1_000)
    expect(core.stored([]).map(({ key }) => key.slice(0, 2).join('/'))).toEqual(['g', 'm/c', 'o/c', 'r/c', 'u'])
  })

  it('R13: what was stored before the rows moved is taken back at the server, for its old row may be found again', () => {
    const core = drivenCore()
    core.dispatch({ kind: 'watch', conversation: 'c' })
    send(core, 'mine')
    inputs['moved to memory'](core)
    core.dispatch({ kind: 'discard', conversation: 'c', localId: 'mine' })
    expect(core.entry('mine')).toMatchObject({ voiding: true, handed: true })
  })

  it('L1: a conversation that was being read when the rows moved is read from their new place', () => {
    const core = phases.ready()
    core.dispatch({ kind: 'watch', conversation: 'c' })
    inputs['moved to memory'](core)
    core.release()
    expect(core.conversation().log.state).toBe('ready')
  })

  it('L8 R11: the outbox row leaves in the commit that stores its message', () => {
    const core = live(drivenCore(), 5)
    send(core, 'mine')
    core.forget()
    core.hear(echo(6, 'mine'))
    core.wait(1_000)
    const removing = core.effects('commit').filter(({ writes }) => writes.some(({ kind }) => kind === 'remove'))
    expect(removing).toHaveLength(1)
    expect(removing[0]?.writes).toMatchObject([{ kind: 'put', row: { value: { head: 6 } } }, { kind: 'remove' }])
  })

  it('L11: the disk is opened once, at the first need', () => {
    const core = drivenCore()
    core.dispatch({ kind: 'signal', signal: 'visible' })
    expect(core.effects('load')).toEqual([])
    core.online()
    core.dispatch({ kind: 'watch', conversation: 'c' })
    openWith(core, 1)
    send(core, 'mine')
    expect(core.effects('load').filter(({ ranges }) => ranges.length > 1)).toHaveLength(1)
  })
})
