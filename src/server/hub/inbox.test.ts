/** The inbox stream: what it costs, where its cursor may stand, and that nothing it should tell is left out. */
import { describe, expect, it } from 'vitest'
import { countingStore } from '../../../test/fakes/counting-tables.js'
import { drivenHub, open, send } from '../../../test/fakes/driven-hub.js'
import { memoryStore } from '../memory-store.js'
import type { Store, StoreWrite } from '../store.js'

type Driven = ReturnType<typeof drivenHub>
type Linked = ReturnType<Driven['link']>

const named = (n: number) => `c${n}`
const mint = (() => {
  let minted = 0
  return () => `m${++minted}`
})()

/** A store in which ann and bob share so many conversations. */
async function shared(store: Store, conversations: number) {
  const members = ['ann', 'bob']
  const puts: StoreWrite[] = Array.from({ length: conversations }, (_, n) => ({ kind: 'put', tenant: '', conversation: named(n), members }))
  await store.write(puts, mint)
}

/** Reads the list to its end, as a client does. */
async function list({ settle }: Driven, link: Linked) {
  let cursor: string | undefined
  for (let request = 1; ; request++) {
    link.say({ type: 'inbox', request, cursor })
    await settle()
    const answer = link.of('inbox').find((frame) => frame.request === request)
    cursor = answer?.next
    if (!answer?.more) break
  }
  link.fresh()
  return cursor ?? ''
}

const rowsOf = (link: Linked) => link.of('inbox').flatMap(({ rows }) => rows.map(({ conversation, last }) => [conversation, last?.localId]))

it('R24: rows of followed conversations are told where the list was asked for so', async () => {
  const store = memoryStore()
  await shared(store, 2)
  const driven = drivenHub({ store })
  const [ann, other, bob] = [driven.link('ann'), driven.link('ann', { lane: 'other' }), driven.link('bob')]
  for (const [link, followed] of [
    [ann, true],
    [other, undefined],
  ] as const) {
    link.say({ type: 'inbox', request: 1, followed })
    link.say(open('c1'))
  }
  await driven.settle()
  for (const link of [ann, other]) link.fresh()
  bob.say(send('x', 'c1'))
  await driven.settle()
  expect([rowsOf(ann), rowsOf(other)]).toEqual([[['c1', 'x']], []])
})

describe('a row that is told', () => {
  it('R24: costs the same reads however many conversations its reader has', async () => {
    const costs: unknown[] = []
    for (const conversations of [20, 5_000]) {
      const { store, reads } = countingStore()
      await shared(store, conversations)
      const driven = drivenHub({ store })
      const [ann, bob] = [driven.link('ann'), driven.link('bob')]
      await list(driven, ann)
      // The roster of a conversation is read once.
      bob.say(send('first', 'c7'))
      await driven.settle()
      ann.fresh()
      reads()
      bob.say(send('second', 'c7'))
      await driven.settle()
      expect(rowsOf(ann)).toEqual([['c7', 'second']])
      costs.push(reads())
    }
    expect(costs[1]).toEqual(costs[0])
    expect(costs[0]).not.toHaveProperty('seated')
  })

  it('R24 R25: costs the same reads however many members its conversation has', async () => {
    const costs: unknown[] = []
    for (const count of [20, 5_000]) {
      const { store, reads } = countingStore()
      const members = Array.from({ length: count }, (_, n) => `u${n}`)
      await store.write([{ kind: 'put', tenant: '', conversation: 'c', members }], mint)
      const { next } = await store.inbox({ tenant: '', user: 'u7' })
      reads()
      const read = await store.inbox({ tenant: '', user: 'u7', cursor: next, news: { conversations: ['c'], stamp: 9 } })
      expect(read.rows).toHaveLength(1)
      costs.push(reads())
    }
    expect(costs[1]).toEqual(costs[0])
  })

  it('R24: leaves a cursor from which nothing is told again, and nothing is missed', async () => {
    const store = memoryStore()
    await shared(store, 300)
    const driven = drivenHub({ store })
    const { link, settle, put } = driven
    const [ann, bob] = [link('ann'), link('bob')]
    let held = await list(driven, ann)
    await put(['bob'], 'c3')
    for (let n = 0; n < 250; n += 10) {
      bob.say(...Array.from({ length: 10 }, (_, i) => send(`x${n + i}`, named(n + i))))
      await settle()
    }
    const told = new Map<string, string | undefined>()
    for (const { prev, next, rows, gone } of ann.of('inbox')) {
      expect(prev).toBe(held)
      held = next
      for (const { conversation, last } of rows) told.set(conversation, last?.localId)
      for (const conversation of gone) told.set(conversation, 'gone')
    }
    expect([told.size, told.get('c3'), told.get('c9')]).toEqual([250, 'gone', 'x9'])
    expect(await store.inbox({ tenant: '', user: 'ann', cursor: held })).toMatchObject({ prev: held, rows: [], gone: [] })
  })

  it('comes in several frames where one would be too large', async () => {
    const store = memoryStore()
    await shared(store, 150)
    const driven = drivenHub({ store })
    const [ann, bob] = [driven.link('ann'), driven.link('bob')]
    const held = await list(driven, ann)
    bob.say(...Array.from({ length: 150 }, (_, n) => send(`x${n}`, named(n))))
    await driven.settle()
    const frames = ann.of('inbox')
    expect(frames.map(({ rows }) => rows.length)).toEqual([100, 50])
    expect(frames.map(({ prev }) => prev)).toEqual([held, frames[0]?.next])
    // All of the first frame is told again to who knows of that frame alone.
    expect((await store.inbox({ tenant: '', user: 'ann', cursor: frames[0]?.next })).rows).toHaveLength(100)
    expect((await store.inbox({ tenant: '', user: 'ann', cursor: frames[1]?.next })).rows).toEqual([])
  })

  it('is told although its reader was just about to follow, and was refused', async () => {
    const inner = memoryStore()
    let refused = () => {}
    const gate = new Promise<undefined>((_, reject) => {
      refused = () => reject(new Error('disk'))
    })
    const store: Store = { ...inner, open: () => gate }
    await shared(store, 3)
    const driven = drivenHub({ store })
    const [ann, bob] = [driven.link('ann'), driven.link('bob')]
    await list(driven, ann)
    ann.say(open('c1'))
    bob.say(send('x', 'c1'))
    await driven.settle()
    refused()
    await driven.settle()
    expect(rowsOf(ann)).toEqual([['c1', 'x']])
  })

  it('is told nothing of a put that changed nothing, or of being delivered', async () => {
    const store = memoryStore()
    await shared(store, 2)
    const driven = drivenHub({ store })
    const { link, put, settle } = driven
    const [ann, phone] = [link('ann'), link('ann', { lane: 'phone' })]
    phone.say(open('c0'), send('x', 'c0'))
    await settle()
    const epoch = phone.of('opened')[0]?.epoch ?? ''
    await list(driven, ann)
    await put(['ann', 'bob'], 'c0')
    phone.say({ type: 'receipt', conversation: 'c0', epoch, delivered: 1 })
    await settle()
    expect(ann.of('inbox')).toEqual([])
    phone.say({ type: 'receipt', conversation: 'c0', epoch, read: 1 })
    await settle()
    expect(ann.of('inbox').map(({ rows }) => rows[0]?.read)).toEqual([1])
  })
})

describe('a new profile', () => {
  const bob = (name: string) => ({ user: 'bob', profile: { name } })

  it('R25: reaches the rows of who follows nothing, of a conversation or of a member, by whatever way it came', async () => {
    const store = memoryStore()
    await shared(store, 3)
    const driven = drivenHub({ store })
    const { hub, link, settle } = driven
    const ann = link('ann')
    const held = await list(driven, ann)
    const put = async (more: object) => {
      ann.fresh()
      const done = hub.put({ tenant: '', conversation: 'c1', members: [{ user: 'ann' }, { user: 'bob' }], ...more })
      await settle()
      await done
      return ann.of('inbox').flatMap(({ rows }) => rows.map(({ conversation, profile, people }) => [conversation, profile, people]))
    }
    expect(await put({ profile: { name: 'C' } })).toEqual([['c1', { name: 'C' }, []]])
    const rows = (name: string) => ['c0', 'c2', 'c1'].map((id) => [id, id === 'c1' ? { name: 'C' } : {}, [bob(name)]])
    expect((await put({ members: [{ user: 'ann' }, bob('Bob')] })).sort()).toEqual(rows('Bob').sort())
    expect(await put({ members: [{ user: 'ann' }, bob('Bob')] })).toEqual([])
    link('bob', {}, { name: 'Robert' })
    await settle()
    const told = ann.of('inbox').flatMap((frame) => frame.rows.map(({ conversation, profile, people }) => [conversation, profile, people]))
    expect(told.sort()).toEqual(rows('Robert').sort())
    const missed = await store.inbox({ tenant: '', user: 'ann', cursor: held })
    expect(missed.rows.map(({ conversation, people }) => [conversation, people])).toEqual(
      ['c0', 'c2', 'c1'].map((id) => [id, [bob('Robert')]]),
    )
  })

  it('R25: reaches whoever follows a conversation of its member, not only the one that was put', async () => {
    const { hub, link, put, settle } = drivenHub()
    await put(['ann', 'bob'], 'c')
    await put(['ann', 'bob'], 'd')
    const ann = link('ann')
    ann.say(open('d'))
    await settle()
    const done = hub.put({ tenant: '', conversation: 'c', members: [{ user: 'ann' }, bob('Bob')] })
    await settle()
    await done
    expect(ann.of('people').map(({ people }) => people)).toEqual([[bob('Bob')]])
  })

  it('that cannot be stored fails its put', async () => {
    const inner = memoryStore()
    const store: Store = {
      ...inner,
      write: (batch, ids) => (batch.some(({ kind }) => kind === 'person') ? Promise.reject(new Error('disk')) : inner.write(batch, ids)),
    }
    const { hub, settle } = drivenHub({ store })
    const done = hub.put({ tenant: '', conversation: 'c', members: [bob('Bob')] })
    const failed = expect(done).rejects.toThrow(/The person of bob failed/)
    await settle()
    await failed
  })
})

describe('a store that cannot say who is in a conversation, or what changed', () => {
  it('delays a row and lets no cursor pass it', async () => {
    const inner = memoryStore()
    const broken = { members: '', inbox: false }
    const store: Store = {
      ...inner,
      members: (at) => (at.conversation === broken.members ? Promise.reject(new Error('disk')) : inner.members(at)),
      inbox: (at) => (broken.inbox ? Promise.reject(new Error('disk')) : inner.inbox(at)),
    }
    await shared(store, 3)
    const driven = drivenHub({ store })
    const [ann, bob] = [driven.link('ann'), driven.link('bob')]
    await list(driven, ann)
    broken.members = 'c1'
    bob.say(send('a', 'c1'))
    await driven.settle()
    bob.say(send('b', 'c2'))
    await driven.settle()
    expect(rowsOf(ann)).toEqual([['c2', 'b']])
    const [{ next: cursor } = { next: '' }] = ann.of('inbox')
    const { prev, rows } = await store.inbox({ tenant: '', user: 'ann', cursor })
    expect([prev, rows.map(({ conversation }) => conversation)]).toEqual([cursor, ['c1', 'c2']])
    broken.members = ''
    broken.inbox = true
    bob.say(send('c', 'c0'))
    await driven.settle()
    broken.inbox = false
    ann.fresh()
    bob.say(send('d', 'c2'))
    await driven.settle()
    expect(rowsOf(ann).sort()).toEqual([
      ['c0', 'c'],
      ['c1', 'a'],
      ['c2', 'd'],
    ])
    const next = ann.of('inbox').at(-1)?.next ?? ''
    expect((await store.inbox({ tenant: '', user: 'ann', cursor: next })).rows).toEqual([])
  })
})

it('R8: who is in a conversation is asked again where a backup was restored under the server', async () => {
  const stores = [memoryStore(), memoryStore()] as const
  for (const [i, members] of [['bob'], ['ann', 'bob']].entries())
    await stores[i]?.write([{ kind: 'put', tenant: '', conversation: 'c', members }], mint)
  let present = stores[0]
  const store: Store = {
    ...present,
    write: (...asked) => present.write(...asked),
    open: (asked) => present.open(asked),
    inbox: (asked) => present.inbox(asked),
    members: (asked) => present.members(asked),
  }
  const driven = drivenHub({ store })
  const [ann, bob] = [driven.link('ann'), driven.link('bob')]
  bob.say(send('a'))
  await driven.settle()
  present = stores[1]
  await list(driven, ann)
  bob.say(send('b'))
  await driven.settle()
  expect(rowsOf(ann)).toEqual([['c', 'b']])
})
