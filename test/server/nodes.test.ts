/** Two servers of one process over one SQLite file and one bus, spoken to over real sockets: what one is told, clients of the other hear. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { type Bus, type Store, inProcessBus, sqliteStore } from '../../src/server/index.js'
import { type Dialled, type Listening, enter, listen } from './dial.js'

let folder: string
let store: Store
let bus: Bus
let nodes: Listening[]

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'chatloom-'))
  store = sqliteStore({ path: join(folder, 'chat.db') })
  bus = inProcessBus()
  nodes = [await listen({ store, bus }), await listen({ store, bus })]
  await node(0).server.conversations.put({ id: 'c', members: ['ann', 'bob'] })
})

afterEach(async () => {
  for (const one of nodes) await one.close()
  await bus.close()
  await store.close()
  rmSync(folder, { recursive: true })
})

const node = (n: number) => nodes[n] as Listening
const say = (localId: string, after?: string) =>
  ({ type: 'operation', conversation: 'c', localId, try: 1, after, operation: { kind: 'send', content: { text: localId } } }) as const

/** ann at one server, bob at the other; both follow. */
async function both(): Promise<{ ann: Dialled; bob: Dialled; epoch: string }> {
  const [ann, bob] = await Promise.all([enter(node(0).url, 'ann'), enter(node(1).url, 'bob')])
  const opened = await ann.ask({ type: 'open', conversation: 'c' })
  await bob.ask({ type: 'open', conversation: 'c' })
  return { ann, bob, epoch: opened.type === 'opened' ? opened.epoch : '' }
}

it('a message is acknowledged to its sender and told to both, in one order', async () => {
  const { ann, bob } = await both()
  ann.send(say('a1'), say('a2', 'a1'))
  expect(await ann.next('ack', ({ localId }) => localId === 'a2')).toMatchObject({ seq: 2 })
  expect(await bob.next('change')).toMatchObject({ seq: 1, change: { kind: 'message', message: { localId: 'a1', author: 'ann' } } })
  bob.send(say('b1'))
  for (const one of [ann, bob])
    expect(await one.next('change', ({ seq }) => seq === 3)).toMatchObject({ change: { message: { localId: 'b1' } } })
  const seqs = ({ frames }: Dialled) => frames.flatMap((frame) => (frame.type === 'change' ? [frame.seq] : []))
  expect([seqs(ann), seqs(bob)]).toEqual([
    [1, 2, 3],
    [1, 2, 3],
  ])
})

it('R21: delivered and read reach the author, typing the others', async () => {
  const { ann, bob, epoch } = await both()
  ann.send(say('a'))
  await bob.next('change')
  bob.send({ type: 'receipt', conversation: 'c', epoch, delivered: 1 })
  expect((await ann.next('marks')).marks).toEqual([{ user: 'bob', delivered: 1, read: 0 }])
  bob.send({ type: 'receipt', conversation: 'c', epoch, read: 1 })
  expect((await ann.next('marks')).marks).toEqual([{ user: 'bob', delivered: 1, read: 1 }])
  bob.send({ type: 'typing', conversation: 'c', on: true })
  expect(await ann.next('typing')).toMatchObject({ user: 'bob', on: true })
})

it('R24: a row reaches the list of a member who follows nothing', async () => {
  const { ann } = await both()
  const list = await enter(node(1).url, 'bob', { lane: 'list' })
  await list.ask({ type: 'inbox' })
  ann.send(say('a'))
  expect((await list.next('inbox', ({ request }) => request === undefined)).rows).toMatchObject([{ conversation: 'c', head: 1 }])
})

it('R27: a removed member gets `left` from the other server, and nothing after it', async () => {
  const { ann, bob } = await both()
  await node(0).server.conversations.put({ id: 'c', members: ['ann'] })
  ann.send(say('after'))
  await ann.next('change', ({ seq }) => seq === 2)
  expect(await bob.next('left')).toMatchObject({ conversation: 'c', seq: 1 })
  expect(await bob.ask({ type: 'open', conversation: 'c' })).toMatchObject({ type: 'failed', code: 'not-found' })
  expect(bob.frames.filter(({ type }) => type === 'change')).toEqual([])
})

it('R26: a newer link of a lane at one server closes the older one at the other', async () => {
  const older = await enter(node(0).url, 'ann', { link: 1 })
  await enter(node(1).url, 'ann', { link: 2 })
  expect(await older.closed).toMatchObject({ reason: 'superseded' })
})

it('one server closes and the other goes on', async () => {
  const { bob } = await both()
  await node(0).close()
  bob.send(say('b'))
  expect(await bob.next('ack')).toMatchObject({ seq: 1 })
})
