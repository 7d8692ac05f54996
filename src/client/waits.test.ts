/** Promises that wait for the core: how each ends, and that nothing of it is left. */
import { describe, expect, it, vi } from 'vitest'
import { chatError } from '../ports/errors.js'
import { waits } from './waits.js'

const codeOf = (wait: Promise<unknown>) => wait.catch((error: { code: string }) => error.code)

describe('a wait', () => {
  it('ends with its answer, given at once or later, and runs its end once', async () => {
    const { wait, answer } = waits()
    const ended = vi.fn<() => void>()
    const calls: number[] = []
    const begin = (call: number) => {
      calls.push(call)
      if (calls.length === 1) answer(call)
      return ended
    }
    await wait('load', undefined, begin)
    expect(ended).toHaveBeenCalledTimes(1)
    const later = codeOf(wait('load', undefined, begin))
    const [first, second] = calls as [number, number]
    answer(second, 'offline')
    answer(second, 'not-found')
    expect(await later).toBe('offline')
    expect(ended).toHaveBeenCalledTimes(2)
    expect(first).not.toBe(second)
  })

  it('for one localId ends for everybody, with a value or an error', async () => {
    const { wait, answer } = waits()
    const here = [wait('settled', undefined, undefined, 'a'), wait('settled', undefined, undefined, 'a')]
    const there = wait('settled', undefined, undefined, 'b')
    answer('a', undefined, 7)
    expect(await Promise.all(here)).toEqual([7, 7])
    const error = chatError('gave-up', 'send')
    answer('b', error)
    await expect(there).rejects.toBe(error)
  })

  it('says what could not be done, why and what to do', async () => {
    const { wait, answer } = waits()
    const error: unknown = await wait('loadOlder', undefined, (call) => answer(call, 'offline')).catch((cause: unknown) => cause)
    expect(error).toMatchObject({
      message: 'loadOlder failed: there is no connection. Try again online.',
      retry: 'later',
    })
  })

  it('L11: its signal ends it with the reason, begins nothing where it was aborted before, and is let go', async () => {
    const { wait, answer } = waits()
    const begin = vi.fn<(call: number) => void>()
    const reason = new Error('mine')
    await expect(wait('jumpTo', AbortSignal.abort(reason), begin)).rejects.toMatchObject({ code: 'aborted', cause: reason })
    expect(begin).not.toHaveBeenCalled()
    const controller = new AbortController()
    const removed = vi.spyOn(controller.signal, 'removeEventListener')
    const aborted = codeOf(wait('jumpTo', controller.signal, begin))
    controller.abort()
    expect(await aborted).toBe('aborted')
    await wait('jumpTo', new AbortController().signal, (call) => answer(call))
    expect(removed).toHaveBeenCalledTimes(1)
  })

  it('L11: rejects `closed` at the end, as do all others', async () => {
    const { wait, end } = waits()
    const ended = vi.fn<() => void>()
    const open = [codeOf(wait('jumpTo', undefined, () => ended)), codeOf(wait('settled', undefined, undefined, 'a'))]
    end()
    expect(await Promise.all(open)).toEqual(['closed', 'closed'])
    expect(ended).toHaveBeenCalledTimes(1)
  })
})
