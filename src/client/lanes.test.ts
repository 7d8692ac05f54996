/** Who lives in which lane (R16), by Web Locks and without. */
import { afterEach, describe, expect, it, vi } from 'vitest'
import { type Lanes, lanes } from './lanes.js'

type Granted = (lock: unknown) => Promise<void> | undefined

/** Locks of one browser, as far as lanes use them. */
function fakeLocks() {
  const held = new Set<string>()
  const waiting: (() => void)[] = []
  const request = async (name: string, { ifAvailable, signal }: { ifAvailable?: boolean; signal?: AbortSignal }, granted: Granted) => {
    if (held.has(name) && ifAvailable) return granted(null)
    while (held.has(name)) await new Promise<void>((resolve) => waiting.push(resolve))
    if (signal?.aborted) throw new Error('aborted')
    held.add(name)
    await granted({ name })
    held.delete(name)
    for (const look of waiting.splice(0)) look()
  }
  vi.stubGlobal('navigator', { locks: { request } })
  return { held, request }
}

afterEach(() => vi.unstubAllGlobals())

/** Is it free now? */
async function isHad(of: Lanes, lane = 'a'): Promise<boolean> {
  const had = vi.fn()
  await of.claim(lane, had)
  return had.mock.calls.length > 0
}

describe('L11 R16: lanes', () => {
  it('one lives in a lane at a time, until it lets go', async () => {
    const { held } = fakeLocks()
    const [here, there] = [lanes(), lanes()]
    expect([await isHad(here), await isHad(there)]).toEqual([true, false])
    there.release()
    here.release()
    await vi.waitFor(() => expect(held.size).toBe(0))
    expect(await isHad(lanes())).toBe(true)
  })

  it('one goes to the first who waits for it and has not ended, and from that one to the next', async () => {
    const { held } = fakeLocks()
    const [here, gone, first, second] = [lanes(), lanes(), lanes(), lanes()]
    const had: string[] = []
    await here.claim('a')
    for (const [name, each] of Object.entries({ gone, first, second })) await each.claim('a', () => had.push(name))
    expect(had).toEqual([])
    gone.release()
    here.release()
    await vi.waitFor(() => expect(had).toEqual(['first']))
    first.release()
    await vi.waitFor(() => expect(had).toEqual(['first', 'second']))
    second.release()
    await vi.waitFor(() => expect(held.size).toBe(0))
    expect(had).toEqual(['first', 'second'])
  })

  it('one that is held here or waited for is not had again', async () => {
    const { held } = fakeLocks()
    const [here, there] = [lanes(), lanes()]
    const had = vi.fn()
    await here.claim('a')
    for (const each of [here, there, there]) await each.claim('a', had)
    expect(had).not.toHaveBeenCalled()
    here.release()
    await vi.waitFor(() => expect(had).toHaveBeenCalledOnce())
    there.release()
    await vi.waitFor(() => expect(held.size).toBe(0))
    expect(had).toHaveBeenCalledOnce()
  })

  it('where locks are refused or unknown, every lane counts as free, and where they are unknown that is said', async () => {
    vi.stubGlobal('navigator', { locks: { request: () => Promise.reject(new Error('insecure')) } })
    expect(await isHad(lanes())).toBe(true)
    vi.stubGlobal('navigator', undefined)
    expect(await isHad(lanes())).toBe(true)
    expect(lanes().locks).toBe(false)
  })

  it('a lock granted after the end is let go at once', async () => {
    const granted: Granted[] = []
    vi.stubGlobal('navigator', { locks: { request: (_: string, __: unknown, run: Granted) => new Promise(() => granted.push(run)) } })
    const here = lanes()
    void here.claim('a')
    here.release()
    await expect(granted[0]?.({})).resolves.toBeInstanceOf(Event)
  })
})
