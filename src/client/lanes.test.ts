/** Who lives in which lane (R16), by Web Locks and without. */
import { afterEach, describe, expect, it, vi } from 'vitest'
import { lanes } from './lanes.js'

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

describe('L11 R16: lanes', () => {
  it('one lives in a lane at a time, until it lets go', async () => {
    const { held } = fakeLocks()
    const [here, there] = [lanes(), lanes()]
    expect([await here.claim('a'), await there.claim('a')]).toEqual([true, false])
    here.release()
    await vi.waitFor(() => expect(held.size).toBe(0))
    expect(await there.claim('a')).toBe(true)
  })

  it('one whose holder ends is told to who waited for it, unless that one has ended too', async () => {
    fakeLocks()
    const [here, there, gone] = [lanes(), lanes(), lanes()]
    const freed: string[] = []
    await here.claim('a')
    expect(await there.claim('a', () => freed.push('there'))).toBe(false)
    expect(await gone.claim('a', () => freed.push('gone'))).toBe(false)
    gone.release()
    here.release()
    await vi.waitFor(() => expect(freed).toEqual(['there']))
    there.release()
    await Promise.resolve()
    expect(freed).toEqual(['there'])
  })

  it('where locks are refused or unknown, every lane counts as free', async () => {
    vi.stubGlobal('navigator', { locks: { request: () => Promise.reject(new Error('insecure')) } })
    expect(await lanes().claim('a')).toBe(true)
    vi.stubGlobal('navigator', undefined)
    expect(await lanes().claim('a')).toBe(true)
  })

  it('a lock granted after the end is let go at once', async () => {
    const granted: Granted[] = []
    vi.stubGlobal('navigator', { locks: { request: (_: string, __: unknown, run: Granted) => new Promise(() => granted.push(run)) } })
    const here = lanes()
    void here.claim('a')
    here.release()
    await expect(granted[0]?.({})).resolves.toBeUndefined()
  })
})
