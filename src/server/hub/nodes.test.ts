/** Several nodes over one store: what crosses from one to another, what it costs, and what happens when the bus does not. */
import { describe, expect, it } from 'vitest'
import { type DrivenLink, drivenNodes, healedMs } from '../../../test/fakes/driven-nodes.js'
import { drivenHub, open, send } from '../../../test/fakes/driven-hub.js'
import { type Bus, inProcessBus } from '../bus.js'
import { memoryStore } from '../memory-store.js'
import { roundMs } from '../rounds.js'
import type { Store } from '../store.js'

const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, n) => from + n)
const epochOf = (link: DrivenLink) => link.of('opened')[0]?.epoch ?? ''

/** ann on node 0 and bob on node 1, who both follow `c`. */
async function two() {
  const driven = drivenNodes(2)
  await driven.put(0, ['ann', 'bob'])
  const [ann, bob] = [driven.link(0, 'ann'), driven.link(1, 'bob')]
  for (const link of [ann, bob]) link.say(open())
  await driven.settle()
  return { ...driven, ann, bob }
}

describe('with a healthy bus', () => {
  it('a message reaches the followers on every node, and costs the hearing one no read', async () => {
    const { ann, bob, settle, asked, bus } = await two()
    asked(1)
    bus.counts.heard = 0
    for (const n of range(1, 20)) ann.say(send(`a${n}`))
    await settle()
    bob.say(send('b'))
    await settle()
    expect([ann.seqs(), bob.seqs()]).toEqual([range(1, 21), range(1, 21)])
    expect(asked(1)).toEqual({ members: 1 })
    expect(ann.of('change')[20]).toEqual(bob.of('change')[20])
  })

  it('hints of a message go to the nodes that have to do with it, however many there are', async () => {
    const heard: number[] = []
    for (const count of [2, 6]) {
      const driven = drivenNodes(count)
      await driven.put(0, ['ann', 'bob'])
      const [ann, bob] = [driven.link(0, 'ann'), driven.link(1, 'bob')]
      for (let n = 2; n < count; n++) driven.link(n, `other${n}`)
      for (const link of [ann, bob]) link.say(open())
      await driven.settle()
      driven.bus.counts.heard = 0
      ann.say(send('a'))
      await driven.settle()
      heard.push(driven.bus.counts.heard)
    }
    expect(heard[1]).toBe(heard[0])
  })

  it('the look at the news of the store is one read, and tells nothing again', async () => {
    const { ann, bob, pass, settle, asked } = await two()
    bob.say({ type: 'inbox', request: 2 })
    await settle()
    ann.say(send('a'), { type: 'receipt', conversation: 'c', epoch: epochOf(ann), read: 0, delivered: 1 })
    await settle()
    const [sent, told] = [ann.frames.length, bob.frames.length]
    asked(0)
    asked(1)
    await pass(roundMs.least * 30)
    expect([ann.frames.length, bob.frames.length]).toEqual([sent, told])
    for (const node of [0, 1]) expect(Object.keys(asked(node))).toEqual(['news'])
  })

  it('R27: what was changed again since is not told in its place: its followers ask, and who was removed meanwhile hears nothing of it', async () => {
    const { ann, bob, bus, nodes, put, pass, settle } = await two()
    const post = (content: string) => nodes[0]?.post({ tenant: '', conversation: 'c', id: 'p', author: 'system', content })
    bus.cut(1)
    void post('for all')
    await settle()
    await put(0, ['ann'])
    void post('behind the removal')
    await settle()
    bus.heal(1)
    await pass(healedMs)
    expect(ann.seqs()).toEqual([1, 2, 3])
    expect(JSON.stringify(bob.frames)).not.toContain('behind the removal')
    bob.say(open())
    await settle()
    expect(bob.of('failed').map(({ code }) => code)).toEqual(['not-found'])
  })

  it('who was told of a head alone is told it again by each pong, hears nothing before it asks, and all that comes after', async () => {
    const { bob, bus, nodes, pass, settle } = await two()
    const post = (content: string) => nodes[0]?.post({ tenant: '', conversation: 'c', id: 'p', author: 'system', content })
    bus.cut(1)
    void post('one')
    await settle()
    void post('two')
    await settle()
    bus.heal(1)
    await pass(healedMs)
    void post('three')
    await settle()
    expect(bob.seqs()).toEqual([])
    bob.say({ type: 'ping', n: 1 })
    await settle()
    const heads = [...bob.of('head'), ...bob.of('pong')].flatMap((frame) => frame.heads.map(({ seq }) => seq))
    expect(heads).toEqual([2, 3])
    bob.say(open())
    await settle()
    void post('four')
    await settle()
    expect([bob.of('opened').at(-1)?.head, bob.seqs()]).toEqual([3, [4]])
  })

  it('who has asked already when it is told of a head alone hears behind the answer what came meanwhile', async () => {
    const inner = memoryStore()
    let gate: Promise<void> | undefined
    let release = () => {}
    const open0: Store['open'] = async (asked) => {
      const found = await inner.open(asked)
      if (asked.user === 'bob') await gate
      return found
    }
    const { bus, link, nodes, pass, put, settle } = drivenNodes(2, { store: { ...inner, open: open0 } })
    await put(0, ['ann', 'bob'])
    const [ann, bob] = [link(0, 'ann'), link(1, 'bob')]
    for (const each of [ann, bob]) each.say(open())
    await settle()
    const epoch = bob.of('opened')[0]?.epoch ?? ''
    bus.cut(1)
    for (const content of ['one', 'two']) {
      void nodes[0]?.post({ tenant: '', conversation: 'c', id: 'p', author: 'system', content })
      await settle()
    }
    gate = new Promise((resolve) => {
      release = resolve
    })
    bob.say(open())
    await settle()
    bus.heal(1)
    await pass(healedMs)
    ann.say({ type: 'receipt', conversation: 'c', epoch, delivered: 2 })
    await settle()
    release()
    await settle()
    expect(bob.of('opened').at(-1)?.head).toBe(2)
    expect(bob.of('marks').flatMap(({ marks }) => marks)).toEqual([{ user: 'ann', delivered: 2, read: 0 }])
  })

  it('who is answered from an earlier state than another link of this node is told the head, and asks', async () => {
    const inner = memoryStore()
    let release = () => {}
    const late = new Promise<void>((resolve) => {
      release = resolve
    })
    const open0: Store['open'] = async (asked) => {
      const found = await inner.open(asked)
      if (asked.user === 'bob') await late
      return found
    }
    const { put, link, settle } = drivenNodes(2, { store: { ...inner, open: open0 } })
    await put(0, ['ann', 'bob'])
    const [ann, other, bob] = [link(0, 'ann'), link(1, 'ann', { lane: 'other' }), link(1, 'bob')]
    bob.say(open())
    await settle()
    ann.say(open(), send('a'))
    await settle()
    other.say(open())
    await settle()
    release()
    await settle()
    expect(bob.of('opened').map(({ head }) => head)).toEqual([0])
    expect(bob.of('head').flatMap(({ heads }) => heads.map(({ seq }) => seq))).toEqual([1])
    ann.say(send('b'))
    await settle()
    expect([bob.seqs(), other.seqs()]).toEqual([[], [2]])
  })

  it('a message too large for a hint is read once for all followers of a node', async () => {
    const { ann, bob, link, settle, asked } = await two()
    const other = link(1, 'bob', { lane: 'other' })
    other.say(open())
    await settle()
    asked(1)
    ann.say({ type: 'operation', conversation: 'c', localId: 'a', try: 1, operation: { kind: 'send', content: 'ä'.repeat(9_000) } })
    await settle()
    expect([bob.seqs(), other.seqs(), asked(1).changes]).toEqual([[1], [1], 1])
    expect(bob.of('change')[0]?.change).toEqual(ann.of('change')[0]?.change)
  })

  it('hints are texts within their limit, and plain: what is absent here is absent there', async () => {
    const driven = await two()
    const { ann, bob, settle } = driven
    for (const n of range(1, 30)) ann.say(send(`a${n}`.padEnd(120, 'x')), { type: 'typing', conversation: 'c', on: true })
    await settle()
    expect(bob.seqs()).toEqual(range(1, 30))
    expect(JSON.stringify(bob.of('change'))).toBe(JSON.stringify(ann.of('change')))
  })

  it('typing crosses, and not to its own user', async () => {
    const { ann, bob, link, settle } = await two()
    const other = link(1, 'ann', { lane: 'other' })
    other.say(open())
    await settle()
    ann.say({ type: 'typing', conversation: 'c', on: true })
    await settle()
    expect([bob, other].map((one) => one.of('typing').map(({ user, on }) => [user, on]))).toEqual([[['ann', true]], []])
  })

  it('R21: watermarks cross to all, and what is marked to the links of its user alone', async () => {
    const { ann, bob, link, settle } = await two()
    const [following, idle] = [link(1, 'ann', { lane: 'f' }), link(1, 'ann', { lane: 'i' })]
    following.say(open())
    ann.say(send('a'), send('b'))
    await settle()
    ann.say({ type: 'receipt', conversation: 'c', epoch: epochOf(ann), read: 2, marked: { at: 1, rev: 1 } })
    await settle()
    const marks = (one: DrivenLink) => one.of('marks').flatMap((frame) => frame.marks)
    const read = { user: 'ann', delivered: 2, read: 2 }
    const own = { ...read, marked: { at: 1, rev: 1 } }
    expect([marks(bob), marks(idle)]).toEqual([[read], [own]])
    expect(marks(following)).toEqual(expect.arrayContaining([own, read]))
  })

  it('R24: rows of the list cross to members who follow nothing, and their cursor misses nothing', async () => {
    const { ann, link, settle, pass, store } = await two()
    const list = link(1, 'bob', { lane: 'list' })
    list.say({ type: 'inbox', request: 1 })
    await settle()
    for (const n of range(1, 3)) {
      ann.say(send(`a${n}`))
      await settle()
    }
    const last = () => list.of('inbox').at(-1)
    expect([last()?.rows[0]?.head, list.of('inbox').length]).toEqual([3, 4])
    expect((await store.inbox({ tenant: '', user: 'bob', cursor: last()?.next })).rows).toHaveLength(1)
    await pass(healedMs)
    ann.say(send('a4'))
    await pass(healedMs)
    ann.say(send('a5'))
    await settle()
    const [before, now] = list.of('inbox').slice(-2)
    expect([now?.prev, now?.rows[0]?.head]).toEqual([before?.next, 5])
  })

  it('R24: a joiner hears at once of what is written on a node that knew the members before', async () => {
    const { bob, link, put, settle } = await two()
    bob.say(send('a'))
    await settle()
    await put(0, ['ann', 'bob', 'cid'])
    const list = link(0, 'cid')
    list.say({ type: 'inbox', request: 1 })
    await settle()
    bob.say(send('b'))
    await settle()
    expect(
      list
        .of('inbox')
        .at(-1)
        ?.rows.map(({ head }) => head),
    ).toEqual([3])
  })

  it('R25: a new name crosses, and so do joiners with theirs', async () => {
    const { ann, nodes, settle } = await two()
    const people = (name: string) => ({ user: 'cid', profile: { name } })
    const put = async (name: string) => {
      const done = nodes[1]?.put({ tenant: '', conversation: 'c', members: [{ user: 'ann' }, { user: 'bob' }, people(name)] })
      await settle()
      await done
    }
    await put('Cid')
    expect(ann.of('change').map(({ change, people: told }) => [change, told])).toEqual([
      [{ kind: 'member', user: 'cid', joined: true }, [people('Cid')]],
    ])
    await put('Carl')
    expect(ann.of('people').map((frame) => frame.people)).toEqual([[people('Carl')]])
  })

  it('R26: a higher link of a lane closes the older one on another node, and a lower one that comes later', async () => {
    const { link, settle } = await two()
    const first = link(0, 'ann', { lane: 'l', link: 1 })
    const second = link(1, 'ann', { lane: 'l', link: 2 })
    await settle()
    expect([first.closes, second.closes]).toEqual([['superseded'], []])
    const late = link(0, 'ann', { lane: 'l', link: 1 })
    await settle()
    expect([late.closes, second.closes]).toEqual([['superseded'], []])
  })

  it('R12 R15: what an older link still says on another node has one effect, in order', async () => {
    const { bus, link, settle, bob } = await two()
    const older = link(0, 'ann', { lane: 'l', link: 1 })
    bus.cut(0)
    const newer = link(1, 'ann', { lane: 'l', link: 2 })
    newer.say(send('a'), send('b', 'c', 'a'))
    await settle()
    older.say(send('a'), send('b', 'c', 'a'), send('d', 'c', 'x'))
    await settle()
    expect(older.of('ack').map(({ localId, seq }) => [localId, seq])).toEqual([
      ['a', 1],
      ['b', 2],
    ])
    expect(older.of('reject').map(({ localId, code }) => [localId, code])).toEqual([['d', 'out-of-order']])
    expect(bob.seqs()).toEqual([1, 2])
  })

  it('R27: a removed member on another node gets `left`, and nothing after it', async () => {
    const { ann, bob, link, put, settle } = await two()
    const idle = link(1, 'bob', { lane: 'idle' })
    idle.say({ type: 'inbox', request: 1 })
    ann.say(send('a'))
    await settle()
    await put(0, ['ann'])
    ann.say(send('b'), { type: 'typing', conversation: 'c', on: true })
    await settle()
    expect(bob.seqs()).toEqual([1])
    expect(bob.frames.at(-1)).toEqual({ type: 'left', conversation: 'c', seq: 2, why: 'removed' })
    expect([idle.of('left').length, idle.of('inbox').at(-1)?.gone]).toEqual([1, ['c']])
  })
})

describe('a hint', () => {
  it('that is next is told, that is lower is dropped, that is higher brings what lies between', async () => {
    const { ann, bob, bus, settle, asked } = await two()
    bus.cut(1)
    ann.say(send('a'), send('b'))
    await settle()
    bus.heal(1)
    expect(bob.seqs()).toEqual([])
    asked(1)
    ann.say(send('c'))
    await settle()
    expect([bob.seqs(), asked(1).changes]).toEqual([[1, 2, 3], 1])
  })

  it('of typing or of a watermark that speaks of a missing change brings the change first', async () => {
    const { ann, bob, bus, settle } = await two()
    bus.cut(1)
    ann.say(send('a'))
    await settle()
    bus.heal(1)
    ann.say({ type: 'typing', conversation: 'c', on: true })
    await settle()
    bus.cut(1)
    ann.say(send('b'))
    await settle()
    bus.heal(1)
    ann.say({ type: 'receipt', conversation: 'c', epoch: epochOf(ann), delivered: 2 })
    await settle()
    expect(bob.frames.slice(-3).map(({ type }) => type)).toEqual(['change', 'change', 'marks'])
    expect(bob.of('typing')).toEqual([])
  })

  it('that is held back does no harm when it comes', async () => {
    const { ann, bob, bus, settle, pass } = await two()
    bus.stall(1)
    for (const n of range(1, 5)) ann.say(send(`a${n}`), { type: 'typing', conversation: 'c', on: n % 2 === 0 })
    await pass(healedMs)
    expect(bob.seqs()).toEqual(range(1, 5))
    bus.heal(1)
    await settle()
    ann.say(send('a6'))
    await settle()
    expect(bob.seqs()).toEqual(range(1, 6))
  })

  it('that cannot be read harms nobody', async () => {
    const { ann, bob, bus, settle, clock } = await two()
    for (const text of ['', 'null', '{}', '{"from":"x","hints":[{"kind":"change"}]}', '{"from":"x","hints":[{"kind":"other"}]}'])
      bus.of(0).publish('c..c', text)
    await settle()
    ann.say(send('a'))
    await settle()
    expect([bob.seqs(), clock.pending()]).toEqual([[1], 2])
  })
})

describe('with a bus that loses', () => {
  it.each([0, 0.1, 0.5, 1])('%d of all hints, everything arrives in order, once, within a look at the news', async (loss) => {
    const { ann, bob, bus, pass } = await two()
    bus.troubles = { loss, double: 0.2, delayMs: 400 }
    for (const n of range(1, 60)) {
      ;(n % 3 ? ann : bob).say(send(`m${n}`))
      await pass(40)
    }
    await pass(healedMs)
    expect([ann.seqs(), bob.seqs()]).toEqual([range(1, 60), range(1, 60)])
  })

  it('every hint, a removal, a register, a name and a row arrive too', async () => {
    const { ann, bob, bus, link, put, pass, nodes } = await two()
    const [list, phone] = [link(1, 'bob', { lane: 'list' }), link(1, 'ann', { lane: 'phone' })]
    list.say({ type: 'inbox', request: 1 })
    phone.say(open())
    await pass(10)
    bus.troubles = { loss: 1 }
    ann.say(send('a'), { type: 'receipt', conversation: 'c', epoch: epochOf(ann), read: 1, delivered: 1 })
    await pass(10)
    ann.say({ type: 'receipt', conversation: 'c', epoch: epochOf(ann), read: 1, marked: { at: 1, rev: 3 } })
    void nodes[0]?.put({ tenant: '', conversation: 'd', members: [{ user: 'ann', profile: { name: 'Ann' } }] })
    await pass(healedMs)
    const marks = (one: DrivenLink) => one.of('marks').flatMap((frame) => frame.marks)
    expect(marks(bob)).toEqual([{ user: 'ann', delivered: 1, read: 1 }])
    expect(marks(phone)).toContainEqual({ user: 'ann', delivered: 1, read: 1, marked: { at: 1, rev: 3 } })
    expect(bob.of('people').map(({ people }) => people)).toEqual([[{ user: 'ann', profile: { name: 'Ann' } }]])
    expect(
      list
        .of('inbox')
        .at(-1)
        ?.rows.map(({ conversation, head }) => [conversation, head]),
    ).toEqual([['c', 1]])
    await put(0, ['ann'])
    ann.say(send('b'))
    await pass(healedMs)
    expect([bob.frames.at(-1), bob.seqs()]).toEqual([{ type: 'left', conversation: 'c', seq: 2, why: 'removed' }, [1]])
    expect(list.of('inbox').at(-1)?.gone).toEqual(['c'])
    expect(phone.seqs()).toEqual([1, 2, 3])
  })

  it('R24: no cursor of a list passes a row that was lost', async () => {
    const { ann, bob, bus, link, put, settle, pass, store } = await two()
    await put(0, ['ann', 'bob'], 'd')
    const list = link(1, 'bob', { lane: 'list' })
    list.say({ type: 'inbox', request: 1 })
    await settle()
    bus.cut(1)
    ann.say(send('lost', 'd'))
    await settle()
    bob.say(send('told'))
    await settle()
    const rows = () => list.of('inbox').at(-1)
    const missed = await store.inbox({ tenant: '', user: 'bob', cursor: rows()?.next })
    expect([rows(), missed.rows].map((at) => JSON.stringify(at)).map((text) => text.includes('"lost"'))).toEqual([false, true])
    await pass(healedMs)
    expect(rows()?.rows.map(({ last }) => last?.localId)).toEqual(['lost'])
  })

  it('a subscription, all arrives all the same', async () => {
    const { ann, link, bus, pass } = await two()
    bus.troubles = { deaf: 1 }
    const deaf = link(1, 'ann', { lane: 'deaf' })
    deaf.say(open())
    await pass(10)
    for (const n of range(1, 5)) {
      ann.say(send(`a${n}`))
      await pass(10)
    }
    await pass(healedMs)
    expect(deaf.seqs()).toEqual(range(1, 5))
  })

  it('nothing that came between the answer to an `open` and the first hint', async () => {
    const { ann, bus, link, pass, settle } = await two()
    bus.troubles = { delayMs: 300 }
    for (const n of range(1, 5)) ann.say(send(`a${n}`))
    await settle()
    // Its answer is of a later state than the other followers of its node were told of.
    const late = link(1, 'bob', { lane: 'late' })
    late.say(open())
    await settle()
    ann.say(send('a6'))
    await pass(1_000)
    expect([late.of('opened')[0]?.head, late.seqs()]).toEqual([5, [6]])
  })
})

describe('two nodes that write to one conversation', () => {
  it('tell both writings in one order, and acknowledge at once with the message', async () => {
    const { ann, bob, bus, settle, pass } = await two()
    bus.stall(1)
    ann.say(send('a'))
    await settle()
    bob.say(send('b'))
    await settle()
    expect(bob.of('ack')).toMatchObject([{ localId: 'b', seq: 2, message: { localId: 'b' } }])
    bus.heal(1)
    await pass(10)
    expect([ann.seqs(), bob.seqs()]).toEqual([
      [1, 2],
      [1, 2],
    ])
  })
})

describe('a store that fails', () => {
  it.each(['changes', 'news', 'all'])('at %s is asked again, and nothing is told over the hole', async (at) => {
    const inner = memoryStore()
    let broken = false
    const fails = (name: string) => broken && (at === name || at === 'all')
    const store: Store = {
      ...inner,
      changes: (asked) => (fails('changes') ? Promise.reject(new Error('disk')) : inner.changes(asked)),
      news: (after) => (fails('news') ? Promise.reject(new Error('disk')) : inner.news(after)),
    }
    const driven = drivenNodes(2, { store })
    const { bus, link, put, settle, pass } = driven
    await put(0, ['ann', 'bob'])
    const [ann, bob] = [link(0, 'ann'), link(1, 'bob')]
    for (const one of [ann, bob]) one.say(open())
    await settle()
    bus.cut(1)
    ann.say(send('a'))
    await settle()
    if (at !== 'news') bus.heal(1)
    broken = true
    ann.say(send('b'))
    await pass(healedMs)
    expect(bob.seqs()).toEqual([])
    broken = false
    await pass(healedMs)
    expect(bob.seqs()).toEqual([1, 2])
  })

  it('to say what was missed makes everybody come back', async () => {
    const inner = memoryStore()
    let lost = false
    const store: Store = { ...inner, news: async (after) => ({ ...(await inner.news(after)), ...(lost ? { lost: true as const } : {}) }) }
    const { link, put, pass, settle } = drivenNodes(1, { store })
    await put(0, ['ann'])
    const ann = link(0, 'ann')
    ann.say(open())
    await settle()
    lost = true
    await pass(healedMs)
    expect(ann.closes).toEqual(['going-away'])
  })

  it('with another log under the same name sends its followers to ask anew', async () => {
    const inner = [memoryStore(), memoryStore()] as const
    let restored = 0
    const at = () => inner[restored] ?? inner[0]
    const store: Store = {
      ...inner[0],
      write: (...asked) => at().write(...asked),
      open: (asked) => at().open(asked),
      changes: (asked) => at().changes(asked),
    }
    const { bus, link, put, settle } = drivenNodes(2, { store })
    await put(0, ['ann', 'bob'])
    restored = 1
    await put(0, ['ann', 'bob'])
    restored = 0
    const [ann, bob] = [link(0, 'ann'), link(1, 'bob')]
    for (const one of [ann, bob]) one.say(open())
    await settle()
    for (const localId of ['a', 'b']) ann.say(send(localId))
    await settle()
    restored = 1
    bus.troubles = {}
    ann.say(send('x'))
    await settle()
    expect(bob.of('head').map(({ heads }) => heads.map(({ seq }) => seq))).toEqual([[1]])
    bob.say(open())
    ann.say(open())
    await settle()
    ann.say(send('y'))
    await settle()
    expect([bob.seqs(), ann.seqs()]).toEqual([
      [1, 2, 2],
      [1, 2, 2],
    ])
  })
})

describe('a node that stops', () => {
  it('hears nothing any more', async () => {
    const { nodes, bus, settle } = await two()
    expect(bus.subscriptions()).toBe(4)
    const done = nodes[1]?.stop('drain')
    await settle()
    await done
    expect(bus.subscriptions()).toBe(2)
  })
})

describe('a planted bug', () => {
  it.each<[Planted, number[]]>([
    [{ hintTrusted: true }, [2]],
    [{ headsUnchecked: true }, []],
  ])('%o shows', async (bugs, seqs) => {
    globalThis.planted = bugs
    const { ann, bob, bus, pass } = await two()
    bus.cut(1)
    ann.say(send('a'))
    await pass(10)
    bus.heal(1)
    if (bugs.hintTrusted) ann.say(send('b'))
    await pass(healedMs)
    expect(bob.seqs()).toEqual(seqs)
  })
})

describe('a bus that throws', () => {
  it('harms no link where a topic cannot be heard: it is told by the store, and heard once the bus is back', async () => {
    const store = memoryStore()
    const inner = inProcessBus()
    let isBroken = true
    const failing = () => {
      if (isBroken) throw new Error('no connection')
    }
    const subscribe: Bus['subscribe'] = (topic, hear) => {
      failing()
      const end = inner.subscribe(topic, hear)
      return () => {
        failing()
        end()
      }
    }
    const [one, other] = [drivenHub({ store, bus: inner }), drivenHub({ store, bus: { ...inner, subscribe }, mint: () => 'other' })]
    const settle = async () => {
      await one.settle()
      await other.settle()
    }
    await one.put(['ann', 'bob'])
    const [ann, bob] = [one.link('ann'), other.link('bob')]
    for (const link of [ann, bob]) link.say(open())
    await settle()
    const told = () => bob.of('change').map(({ seq }) => seq)
    ann.say(send('a'))
    await settle()
    expect([bob.of('opened').length, told()]).toEqual([1, []])
    await other.hub.check()
    await settle()
    expect(told()).toEqual([1])
    isBroken = false
    await other.hub.check()
    ann.say(send('b'))
    await settle()
    expect(told()).toEqual([1, 2])
    isBroken = true
    bob.closed()
  })
})
