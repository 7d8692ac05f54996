/** What a door may refuse for good: never what may land all the same (R12). */
import { describe, expect, it } from 'vitest'
import type { ClientFrame, ServerFrame } from '../../protocol/frames.js'
import { type Caller, door, type Life } from './door.js'
import { journal } from './journal.js'
import { truthOf } from './oracle/truth.js'

/** One door, before a server that answers nothing; gives what it lets in, and what a caller of it is told. */
function entered() {
  const told = journal(false)
  const { orders, enter } = door(
    told,
    truthOf(told, () => undefined),
    undefined,
  )
  const letIn: string[] = []
  const refused: string[] = []
  const receive = (frame: ClientFrame) => void (frame.type === 'operation' && letIn.push(`${frame.localId} ${frame.try}`))
  const life = { hub: { connect: () => ({ receive, drained() {}, closed() {} }) }, isOld: false, alive: true, kill() {} } as unknown as Life
  const send = (frames: readonly ServerFrame[]) => {
    for (const frame of frames) if (frame.type === 'reject' && frame.final) refused.push(`${frame.localId} ${frame.try}`)
  }
  const caller: Caller = { user: 'ann', send, close() {}, cut() {} }
  const link = () => {
    const visit = enter(life, { ...caller })
    visit.receive({ type: 'hello', version: 1, user: 'ann', device: 'd', lane: 'l', link: 1 })
    return (localId: string, count: number) =>
      visit.receive({ type: 'operation', conversation: 'c', localId, try: count, operation: { kind: 'send', content: 1 } })
  }
  return { orders, link, letIn, refused }
}

describe('an operation that is to be refused for good', () => {
  it('is, and every copy of the same try; another try is not', () => {
    const { orders, link, letIn, refused } = entered()
    const [first, second] = [link(), link()]
    orders.refuseOperation()
    first('a', 1)
    second('a', 1)
    second('a', 2)
    expect([letIn, refused]).toEqual([['a 2'], ['a 1', 'a 1']])
  })

  it.each([1, 2])('is not the one of which a copy was let in before, sent as try %i by another link; the next one is', (count) => {
    const { orders, link, letIn, refused } = entered()
    link()('a', 1)
    orders.refuseOperation()
    const heir = link()
    heir('a', count)
    heir('b', 1)
    expect([letIn, refused]).toEqual([['a 1', `a ${count}`], ['b 1']])
  })
})
