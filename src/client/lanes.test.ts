/** Who lives in which lane (R16), by Web Locks and without. */
import { afterEach, describe, expect, it, vi } from 'vitest'
import { lanes } from './lanes.js'

type Granted = (lock: unknown) => Promise<void> | undefined

/** Locks of one browser, as far as lanes use them. */
function fakeLocks() {
  const held = new Set<string>()
  const request = async (name: string, _options: unknown, granted: Granted) => {
    if (held.has(name)) return granted(null)
    held.add(name)
    await granted({ name })
    held.delete(name)
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
