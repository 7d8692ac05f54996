/** What a relay tells whom, and what it forgets. */
import { expect, it } from 'vitest'
import type { ClientFrame, ServerFrame } from '../../protocol/frames.js'
import { journal } from './journal.js'
import { truthOf } from './oracle/truth.js'
import { relayOf } from './relay.js'
import { timeOf } from './time.js'

const operation = (localId: string, kind: 'send' | 'void' = 'send') =>
  ({
    type: 'operation',
    conversation: 'c',
    localId,
    try: 1,
    operation: kind === 'send' ? { kind, content: localId } : { kind },
  }) as ClientFrame

/** `ann` and `ben` are members. */
function setUp() {
  const told = journal(false)
  const truth = truthOf(told, () => undefined)
  truth.conversation({ conversation: 'c', epoch: 'e', head: 0, history: 'full' })
  for (const user of ['ann', 'ben']) truth.seat('c', { user, active: true, delivered: 0, read: 0, marked: { at: 0, rev: 0 } })
  const relay = relayOf({ time: timeOf(1), truth, skewMs: 0, window: 4 })
  const enter = (user: string) => {
    const heard: ServerFrame[] = []
    const cuts: string[] = []
    const visit = relay.enter({ user, send: (frames) => heard.push(...frames), close() {}, cut: () => cuts.push(user) })
    visit.receive({ type: 'open', request: 1, conversation: 'c' })
    const news = () => heard.splice(0).flatMap((frame) => (frame.type === 'change' ? [nameOf(frame)] : [frame.type]))
    return { ...visit, news, cuts }
  }
  return { relay, enter }
}

function nameOf({ change }: Extract<ServerFrame, { type: 'change' }>): string {
  if (change.kind !== 'message') return change.kind
  return `${change.message.localId}${change.message.deleted ? ' gone' : ''}`
}

it('tells members what is said and taken back, each local id once, and answers all', () => {
  const { enter } = setUp()
  const [ann, ben, eve] = [enter('ann'), enter('ben'), enter('eve')]
  for (const frame of [operation('a'), operation('a'), operation('a', 'void'), operation('b', 'void'), operation('b')]) ann.receive(frame)
  eve.receive(operation('x'))
  expect(ben.news()).toEqual(['opened', 'a', 'a gone'])
  expect(ann.news()).toEqual(['opened', 'a', 'ack', 'ack', 'a gone', 'ack', 'ack', 'ack'])
  expect(eve.news()).toEqual(['failed', 'reject'])
})

it('forgets everything when it dies, and tells nobody after', () => {
  const { relay, enter } = setUp()
  const ann = enter('ann')
  ann.receive(operation('a'))
  relay.kill()
  ann.receive(operation('b'))
  expect([ann.cuts, relay.links(), relay.isUp()]).toEqual([['ann'], 0, false])
  relay.start()
  const ben = enter('ben')
  enter('ann').receive(operation('a'))
  expect(ben.news()).toEqual(['opened', 'a'])
})
