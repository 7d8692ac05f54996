/** The disk cap (R30): who gives way, how much, and what is remembered of sizes. */
import { describe, expect, it } from 'vitest'
import { type DrivenCore, drivenCore } from '../../../test/fakes/driven-core.js'
import { live, openedFrame, requestOf, row, rows, said } from '../../../test/fakes/wire-frames.js'
import type { LinkFrame } from '../../ports/transport.js'
import { cursorPage, type CursorValue } from './cache-state.js'
import { usageFromRows } from './cap.js'

const capped = (core: DrivenCore, cacheBytes: number) =>
  core.dispatch({ kind: 'disk-state', state: { kind: 'durable', cacheBytes } as never })
const usage = (core: DrivenCore, id = 'c') => core.state().disk.usage.get(id)
const storedPages = (core: DrivenCore, id = 'c') => core.stored(['m', id]).map(({ key }) => (key[2] === cursorPage ? 'cursor' : key[2]))
const clears = (core: DrivenCore) =>
  core.effects('commit').flatMap(({ writes }) => writes.flatMap((write) => (write.kind === 'clear' ? [write.range] : [])))
const cursor = (core: DrivenCore, id = 'c') => core.disk.get(['m', id, cursorPage])?.value as CursorValue | undefined

/** The core sees to a second conversation, of `head` messages. */
function other(core: DrivenCore, id: string, head: number): void {
  core.dispatch({ kind: 'watch', conversation: id })
  core.hear(openedFrame(requestOf(core, 'open'), 0, head, { reset: 'first', conversation: id }))
  core.wait(1_000)
}

/** `c` has 0–599 on disk and the newest few hundred in memory. */
function long(): DrivenCore {
  const core = live(drivenCore(), 50)
  for (let seq = 51; seq <= 600; seq++) {
    core.hear(said(seq))
    if (seq % 40 === 0) core.wait(200)
  }
  core.wait(1_000)
  return core
}

describe('R30: sizes', () => {
  it('are estimated from the newest rows, for all that is stored', () => {
    const core = live(drivenCore(), 100)
    const each = JSON.stringify(rows(93, 100)).length / 8
    expect(usage(core)).toEqual({ bytes: Math.ceil(each * 100), openedAt: expect.any(Number) })
    const half = live(drivenCore(), 300, 100)
    expect(usage(half)?.bytes).toBe(Math.ceil((JSON.stringify(rows(293, 300)).length / 8) * 100))
  })

  it('are written when they change by much, with when somebody last looked', () => {
    const core = live(drivenCore(), 100)
    const first = usage(core)
    core.hear(said(101))
    core.wait(1_000)
    expect(usage(core)).toBe(first)
    core.hear(said(102, { content: 'x'.repeat(30_000) }))
    core.wait(1_000)
    const { bytes, openedAt } = usage(core) ?? { bytes: 0, openedAt: 0 }
    expect(bytes).toBeGreaterThan(100_000)
    expect(openedAt).toBe(first?.openedAt)
    expect(core.stored(['u'])[0]?.value).toEqual([['c', bytes, openedAt]])
    core.wait(5_000)
    core.dispatch({ kind: 'watch', conversation: 'c' })
    expect(usage(core)).toEqual({ bytes, openedAt: 1_000_000 + core.nowMs() })
  })

  it('of a log without messages, or not stored, are not known', () => {
    expect(usage(live(drivenCore(), 5, 0))).toBeUndefined()
    const core = drivenCore()
    core.dispatch({ kind: 'watch', conversation: 'c' })
    expect(usage(core)).toBeUndefined()
  })

  it('are read again, but nothing damaged', () => {
    const core = live(drivenCore(), 100)
    const next = drivenCore({ disk: core.disk, lane: 'next' })
    next.dispatch({ kind: 'open-disk' })
    expect(usage(next)).toEqual(usage(core))
    const row = (value: unknown) => ({ key: ['u'], version: '', value })
    const damaged = row([['a', 5, 7], ['b', '5', 7], ['d', 5, '7'], [1, 5, 7], 'e', null])
    expect([...usageFromRows([{ key: ['g'], version: '', value: [['g', 1, 1]] }, damaged])]).toEqual([['a', { bytes: 5, openedAt: 7 }]])
    expect([...usageFromRows([row('none')]), ...usageFromRows([])]).toEqual([])
  })
})

describe('R30: above the cap', () => {
  it('what gave way in a commit that failed is still counted, and gives way in the next', () => {
    const before = live(drivenCore(), 100)
    before.hear(said(101))
    before.wait(1_000)
    const core = drivenCore({ disk: before.disk, lane: 'next' })
    core.online()
    core.dispatch({ kind: 'watch', conversation: 'x' })
    core.hear(openedFrame(requestOf(core, 'open'), 0, 50, { reset: 'first', conversation: 'x' }))
    core.wait(1_000)
    expect([usage(core) !== undefined, usage(core, 'x') !== undefined]).toEqual([true, true])
    capped(core, 8_000)
    core.failCommits('full')
    core.hear(said(51, {}, { conversation: 'x' }))
    core.wait(500)
    expect(usage(core)).toBeDefined()
    core.failCommits(null)
    core.wait(60_000)
    expect([usage(core), storedPages(core)]).toEqual([undefined, []])
  })

  it('nothing goes below it', () => {
    const core = long()
    capped(core, usage(core)!.bytes)
    core.hear(said(601))
    core.wait(1_000)
    expect(cursor(core)?.first).toBe(0)
  })

  it('the older half of what is held goes, with a corrected cursor, and none that is in memory', () => {
    const core = long()
    const before = usage(core)!.bytes
    core.forget()
    capped(core, before - 1)
    core.hear(said(601))
    core.wait(1_000)
    // Whole pages, up to the one in which the middle lies.
    const first = Math.min(350, core.conversation().log.tail.rows[0]!.index)
    expect(usage(core)!.bytes).toBe(Math.ceil((before * (601 - first)) / 601))
    expect(storedPages(core)[0]).toBe(first / 50)
    expect(clears(core)).toEqual([{ prefix: ['m', 'c'], to: [first / 50 - 1] }])
    core.hear(said(602))
    core.wait(1_000)
    expect(cursor(core)).toMatchObject({ first, from: -1, head: 602 })
    expect(storedPages(core)[0]).toBe(first / 50)
    const next = drivenCore({ disk: core.disk, lane: 'next' })
    next.dispatch({ kind: 'watch', conversation: 'c' })
    for (let call = 1; call < 9; call++) next.dispatch({ kind: 'load', conversation: 'c', call, way: 'older', limit: 100 })
    expect(next.conversation().log.tail).toMatchObject({ from: first, to: 602 })
    expect(next.effects('answer').at(-1)?.code).toBe('offline')
  })

  it('also where the commit that says so fails at first', () => {
    const core = long()
    capped(core, usage(core)!.bytes - 1)
    core.hear(said(601))
    core.wait(140)
    core.failCommits('failed')
    core.hear(said(602))
    core.wait(1_500)
    core.failCommits(null)
    core.wait(3_000)
    const first = cursor(core)!.first
    expect(first).toBeGreaterThan(0)
    expect(storedPages(core)[0]).toBe(first / 50)
  })

  it('what is not in memory goes whole, the one longest not opened first, and no more than is needed', () => {
    const writer = live(drivenCore({ lane: 'writer' }), 100)
    for (const id of ['old', 'older', 'new']) other(writer, id, 100)
    const size = usage(writer)!.bytes
    const order = ['older', 'old', 'c', 'new']
    writer.disk.put({ key: ['u'], version: '', value: ['c', 'new', 'old', 'older'].map((id) => [id, size, order.indexOf(id)]) })
    const core = drivenCore({ disk: writer.disk, lane: 'reader' })
    core.online()
    other(core, 'fresh', 100)
    capped(core, Math.ceil(size * 3.4))
    core.forget()
    core.hear(said(101, {}, { conversation: 'fresh' }))
    core.wait(1_000)
    expect(clears(core)).toEqual([{ prefix: ['m', 'older'] }, { prefix: ['m', 'old'] }])
    expect(['older', 'old', 'c', 'new', 'fresh'].map((id) => storedPages(core, id).length > 0)).toEqual([false, false, true, true, true])
    expect([...core.state().disk.usage.keys()].sort()).toEqual(['c', 'fresh', 'new'])
  })

  it.each([0, 5])('what another instance holds goes too, and is written anew by it, whole, though it is %i messages behind', (behind) => {
    const holder = live(drivenCore({ lane: 'holder' }), 100)
    holder.wait(1_000)
    const ahead = drivenCore({ disk: holder.disk, lane: 'ahead' })
    ahead.dispatch({ kind: 'watch', conversation: 'c' })
    ahead.online()
    ahead.hear(openedFrame(requestOf(ahead, 'open'), 100, 101 + behind))
    ahead.wait(1_000)
    expect(cursor(ahead)?.head).toBe(101 + behind)
    const core = drivenCore({ disk: holder.disk, lane: 'reader' })
    core.online()
    other(core, 'fresh', 100)
    capped(core, 10)
    core.hear(said(101, {}, { conversation: 'fresh' }))
    core.wait(1_000)
    expect(storedPages(core)).toEqual([])
    holder.hear(said(101))
    holder.wait(3_000)
    expect([cursor(holder)?.head, cursor(holder)?.first, storedPages(holder)]).toEqual([101, 0, [0, 1, 'cursor']])
  })

  it('a conversation in memory that cannot be halved stays', () => {
    const core = live(drivenCore(), 100)
    capped(core, 10)
    core.hear(said(101))
    core.wait(1_000)
    expect([cursor(core)?.first, storedPages(core)]).toEqual([0, [0, 1, 'cursor']])
    expect(usage(core)?.bytes).toBeGreaterThan(10)
  })

  it.each<[string, readonly LinkFrame[]]>([
    ['holds nothing any more', []],
    ['is to be written anew and cannot be now', [{ type: 'left', conversation: 'c', seq: 6, why: 'removed' }]],
  ])('one that %s is left as it is, and the others are written', (_, then) => {
    const core = live(drivenCore(), 100)
    other(core, 'x', 100)
    core.hear(said(500))
    const rows = then.length > 0 ? [row(5, { index: 0 })] : []
    core.hear(openedFrame(requestOf(core, 'open'), 4, 5, { reset: 'epoch', epoch: 'e2', rows }), ...then)
    capped(core, 10)
    core.hear(said(101, {}, { conversation: 'x' }))
    core.wait(1_000)
    expect(cursor(core, 'x')?.head).toBe(101)
  })

  it('the outbox stays', () => {
    const core = long()
    core.offline()
    core.dispatch({ kind: 'send', conversation: 'c', localId: 'mine', content: 1, bytes: 5 })
    capped(core, 10)
    core.wait(1_000)
    expect(core.stored(['o'])).toHaveLength(1)
  })
})
