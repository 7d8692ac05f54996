/** The hub: who hears what, in which order, and what ends a link. */
import { describe, expect, it } from 'vitest'
import { drivenHub, open, send } from '../../test/fakes/driven-hub.js'
import type { ClientFrame } from '../protocol/frames.js'
import { memoryStore } from './memory-store.js'
import type { Store, StoreWrite } from './store.js'

describe('the fan-out', () => {
  it('tells all, then answers, in the order of the log, mixed with posts', async () => {
    const { hub, link, put, settle } = drivenHub()
    await put(['ann', 'bob'])
    const [ann, bob] = [link('ann'), link('bob')]
    ann.say(open())
    bob.say(open())
    await settle()
    ann.fresh()
    ann.say(send('a'))
    const posted = hub.post({ tenant: '', conversation: 'c', id: 'p', author: 'system', content: 1 })
    bob.say(send('b'))
    await settle()
    expect(await posted).toMatchObject({ seq: 2 })
    expect(bob.of('change').map((frame) => frame.seq)).toEqual([1, 2, 3])
    expect(ann.fresh()).toEqual(['change', 'ack', 'change', 'change'])
  })

  it('tells a stranger nothing, not even between open and its answer', async () => {
    const { link, put, settle } = drivenHub()
    await put(['ann'])
    const [ann, eve] = [link('ann'), link('eve')]
    eve.say(open(), { type: 'typing', conversation: 'c', on: true })
    ann.say(open(), send('a'))
    await settle()
    expect(eve.fresh()).toEqual(['welcome', 'failed'])
    expect(ann.of('typing')).toEqual([])
  })

  it('tells a watermark that comes before the first answer behind it, under the epoch of the log', async () => {
    const { link, put, settle } = drivenHub()
    await put(['ann', 'bob'])
    const [ann, bob] = [link('ann'), link('bob')]
    bob.say(open(), send('a'))
    await settle()
    const [{ epoch = '' } = {}] = bob.of('opened')
    bob.say({ type: 'unfollow', conversation: 'c' }, { type: 'receipt', conversation: 'c', epoch, delivered: 1 })
    ann.say(open())
    await settle()
    expect(ann.of('marks')).toEqual([{ type: 'marks', conversation: 'c', epoch, marks: [{ user: 'bob', delivered: 1, read: 0 }] }])
    expect(ann.fresh()).toEqual(['welcome', 'opened', 'marks'])
  })

  it('answers an open that overtakes a change without losing or repeating it', async () => {
    const { link, put, settle } = drivenHub()
    await put(['ann', 'bob'])
    const [ann, bob] = [link('ann'), link('bob')]
    ann.say(send('a'))
    bob.say(open())
    await settle()
    const [opened] = bob.of('opened')
    expect([...(opened?.rows ?? []).map((row) => row.seq), ...bob.of('change').map((frame) => frame.seq)]).toEqual([1])
  })

  it('tells a member who has come back of the past in parts, of which the first may end before the return (R5 R7)', async () => {
    const { hub, link, put, settle } = drivenHub()
    await put(['ann', 'bob'])
    const bob = link('bob')
    bob.say(open())
    await settle()
    const [{ epoch = '', tag = '', to = 0 } = {}] = bob.of('opened')
    await put(['ann'])
    for (let n = 0; n < 120; n++) void hub.post({ tenant: '', conversation: 'c', id: `p${n}`, author: 'ann', content: n })
    await settle()
    bob.say({ ...open(), position: { epoch, seq: to, tag } } as ClientFrame)
    await settle()
    expect(bob.fresh()).toEqual(['welcome', 'opened', 'left', 'failed'])
    await put(['ann', 'bob'])
    bob.say({ ...open(), position: { epoch, seq: to, tag } } as ClientFrame)
    await settle()
    const [part] = bob.of('opened')
    expect(part).toMatchObject({ from: 0, to: 101, head: 122, more: true, floor: 0, hidden: [] })
    expect(part?.rows.map(({ seq }) => seq)).toEqual(Array.from({ length: 100 }, (_, i) => i + 2))
  })

  it('tells no change to a message from a time without the reader, or from before they came: the log goes on past it (R7 R10)', async () => {
    const { hub, link, settle } = drivenHub()
    const done = async (asked: Promise<unknown>) => {
      await settle()
      await asked
    }
    const put = (members: string[]) =>
      done(hub.put({ tenant: '', conversation: 'c', history: 'from-join', members: members.map((user) => ({ user })) }))
    const post = (id: string, content: string) => done(hub.post({ tenant: '', conversation: 'c', id, author: 'ann', content }))
    await put(['ann', 'bob'])
    await post('seen', 'a')
    await put(['ann'])
    await post('missed', 'b')
    await put(['ann', 'bob', 'cid'])
    const people = ['ann', 'bob', 'cid'].map((user) => link(user))
    for (const one of people) one.say(open())
    void post('missed', 'c!')
    await settle()
    await post('missed', 'd!')
    await post('seen', 'e')
    await post('new', 'f')
    await post('new', 'g')
    await settle()
    const heard = people.map((one) => one.of('change').map(({ change }) => (change.kind === 'message' ? change.message.content : change)))
    const hidden = { kind: 'hidden' }
    expect(heard.map((each) => each.slice(-4))).toEqual([
      ['d!', 'e', 'f', 'g'],
      [hidden, 'e', 'f', 'g'],
      [hidden, hidden, 'f', 'g'],
    ])
    expect(JSON.stringify(people.slice(1).flatMap((one) => one.of('change')))).not.toContain('!')
  })

  describe('where questions and members cross', () => {
    const at = { tenant: '', conversation: 'c' }

    /** The store answers each `open` when it is told to, in any order; what it answers is read then, or when it was asked. */
    async function crossing(isReadLate: boolean) {
      const store = memoryStore()
      const waiting: (() => void)[] = []
      const held: Store = {
        ...store,
        async open(asked) {
          const early = isReadLate ? undefined : await store.open(asked)
          await new Promise<void>((answer) => waiting.push(answer))
          return early ?? store.open(asked)
        },
      }
      const { hub, link, settle } = drivenHub({ store: held })
      const done = async (asked: Promise<unknown>) => {
        await settle()
        await asked
      }
      const put = (members: string[]) => done(hub.put({ ...at, history: 'from-join', members: members.map((user) => ({ user })) }))
      const post = (id: string, content: string) => done(hub.post({ ...at, id, author: 'ann', content }))
      const answer = (n: number) => done(Promise.resolve(waiting.splice(n, 1)[0]?.()))
      await put(['ann', 'bob'])
      const { epoch = '' } = (await store.open({ ...at, user: 'ann' })) ?? {}
      const bob = link('bob')
      const ask = (request: number) =>
        done(Promise.resolve(bob.say({ ...open(), request, position: { epoch, seq: 0, tag: '' } } as ClientFrame)))
      return { store, bob, ask, put, post, answer }
    }

    it('a new message of a time without the reader, who came back before it was read, is told without its content (R7)', async () => {
      const { bob, ask, put, post, answer } = await crossing(true)
      for (let n = 1; n <= 120; n++) await post(`p${n}`, 'past')
      await put(['ann'])
      await ask(1)
      await post('away', 'SECRET')
      await put(['ann', 'bob'])
      await answer(0)
      expect(bob.of('opened')).toMatchObject([{ head: 123, more: true }])
      expect(bob.of('change').map(({ seq, change }) => [seq, change.kind])).toEqual([
        [122, 'hidden'],
        [123, 'member'],
      ])
      expect(JSON.stringify(bob.frames)).not.toContain('SECRET')
    })

    it('of two answers the one that was read first comes last: what is hidden since stays hidden (R7)', async () => {
      const { store, bob, ask, post, answer } = await crossing(false)
      await ask(1)
      // By another node, so that this one does not hear of it.
      const away: StoreWrite = { kind: 'post', ...at, id: 'away', author: 'ann', content: 'SECRET', at: 1 }
      const put = (members: string[]): StoreWrite => ({ kind: 'put', ...at, members })
      await store.write([put(['ann']), away, put(['ann', 'bob'])], () => crypto.randomUUID())
      await ask(2)
      await answer(1)
      await answer(0)
      expect(bob.of('opened')).toMatchObject([
        { request: 2, head: 3, hidden: [{ from: 1, to: 3 }] },
        { request: 1, head: 0, hidden: [] },
      ])
      await post('away', 'SECRET still')
      expect(bob.of('change')).toMatchObject([{ seq: 4, change: { kind: 'hidden' } }])
    })
  })

  it('gives a removed member left as the last frame, to all links, and not-found after', async () => {
    const { link, put, settle } = drivenHub()
    await put(['ann', 'bob'])
    const [ann, bob, phone] = [link('ann'), link('bob'), link('bob', { lane: 'phone' })]
    for (const one of [ann, bob]) one.say(open())
    await settle()
    bob.say({ type: 'history', request: 2, conversation: 'c', epoch: 'e', anchor: { before: 9 }, limit: 9 })
    ann.say(send('a'))
    await put(['ann'])
    ann.say(send('b'))
    bob.say(send('x'))
    await settle()
    expect(bob.fresh()).toEqual(['welcome', 'opened', 'page', 'change', 'left', 'reject'])
    expect(phone.of('left')).toEqual([{ type: 'left', conversation: 'c', seq: 2, why: 'removed' }])
    expect(ann.of('change').map((frame) => frame.change.kind)).toEqual(['message', 'member', 'message'])
  })

  it('lets no answer read before a removal follow it', async () => {
    const inner = memoryStore()
    let release = () => {}
    const gate = new Promise<void>((resolve) => {
      release = resolve
    })
    const store: Store = {
      ...inner,
      page: (at) => inner.page(at).then((found) => gate.then(() => found)),
    }
    const { link, put, settle } = drivenHub({ store })
    await put(['ann', 'bob'])
    const bob = link('bob')
    bob.say({ type: 'history', request: 2, conversation: 'c', epoch: 'e', anchor: { before: 9 }, limit: 9 })
    await put(['ann'])
    release()
    await settle()
    expect(bob.fresh()).toEqual(['welcome', 'left', 'failed'])
  })
})

describe('receipts, typing, ping', () => {
  it('tell everyone a moved watermark once a tick, and the asker a covered one', async () => {
    const { link, put, settle } = drivenHub()
    await put(['ann', 'bob'])
    const [ann, bob, phone] = [link('ann'), link('bob'), link('bob', { lane: 'phone' })]
    for (const one of [ann, bob]) one.say(open())
    ann.say(send('a'), send('b'))
    await settle()
    const epoch = ann.of('opened')[0]?.epoch ?? ''
    for (const one of [ann, bob, phone]) one.fresh()
    const receipt = (more: object) => ({ type: 'receipt', conversation: 'c', epoch, ...more }) as ClientFrame
    bob.say(receipt({ delivered: 1 }), receipt({ delivered: 2, read: 1 }))
    await settle()
    const marks = [{ user: 'bob', delivered: 2, read: 1 }]
    for (const one of [ann, bob]) expect(one.of('marks')).toEqual([{ type: 'marks', conversation: 'c', epoch, marks }])
    expect(phone.of('marks').at(-1)?.marks).toEqual(marks)
    for (const one of [ann, bob]) one.fresh()
    bob.say(receipt({ read: 1 }))
    await settle()
    expect([ann.of('marks'), bob.of('marks')]).toEqual([[], [{ type: 'marks', conversation: 'c', epoch, marks }]])
  })

  it('tell a mark of unread to all links of its user, covered or not, and never to another', async () => {
    const { link, put, settle } = drivenHub()
    await put(['ann', 'bob'])
    const [ann, bob, phone, away] = [link('ann'), link('bob'), link('bob', { lane: 'phone' }), link('bob', { lane: 'away' })]
    for (const one of [ann, bob, phone]) one.say(open())
    away.say({ type: 'inbox', request: 2 })
    ann.say(send('a'), send('b'))
    await settle()
    const epoch = ann.of('opened')[0]?.epoch ?? ''
    const say = async (more: object) => {
      for (const one of [ann, bob, phone, away]) one.fresh()
      bob.say({ type: 'receipt', conversation: 'c', epoch, ...more })
      await settle()
      expect(JSON.stringify(ann.frames)).not.toContain('marked')
      return [bob, phone, away].map((one) => one.of('marks').findLast(({ marks }) => marks[0]?.marked)?.marks[0]?.marked)
    }
    const set = { at: 2, rev: 1 }
    expect(await say({ marked: set })).toEqual([set, set, set])
    expect(ann.of('marks')).toEqual([])
    expect(away.of('inbox').at(-1)?.rows[0]).toMatchObject({ unread: { count: 2 }, read: 0 })
    expect(await say({ read: 2, marked: { at: 0, rev: 1 } })).toEqual([set, set, set])
    expect(ann.of('marks')[0]?.marks).toEqual([{ user: 'bob', delivered: 2, read: 2 }])
    expect(await say({ marked: { at: 1, rev: 1 } })).toEqual([set, undefined, undefined])
    for (const one of [ann, bob]) one.say(open())
    await settle()
    expect(bob.of('opened').at(-1)).toMatchObject({ marks: [{ user: 'ann' }, { user: 'bob', marked: set }], unread: { count: 1 } })
    expect(JSON.stringify(ann.frames)).not.toContain('marked')
  })

  it('relay typing to the others, and never back', async () => {
    const { link, put, settle } = drivenHub()
    await put(['ann', 'bob'])
    const [ann, bob, phone] = [link('ann'), link('bob'), link('bob', { lane: 'phone' })]
    for (const one of [ann, bob, phone]) one.say(open())
    await settle()
    bob.say({ type: 'typing', conversation: 'c', on: true })
    await settle()
    expect([ann.of('typing'), bob.of('typing'), phone.of('typing')]).toEqual([
      [{ type: 'typing', conversation: 'c', user: 'bob', on: true }],
      [],
      [],
    ])
  })

  it('R5: name a head until the client has shown that it knows it, for a pong can be lost too', async () => {
    const { link, put, settle } = drivenHub()
    await put(['ann', 'bob'])
    const [ann, bob] = [link('ann'), link('bob')]
    const heads = async () => {
      ann.fresh()
      ann.say({ type: 'ping', n: 1 })
      await settle()
      return ann.of('pong').flatMap((frame) => frame.heads.map((head) => head.seq))
    }
    ann.say(open())
    await settle()
    const epoch = ann.of('opened')[0]?.epoch ?? ''
    const receipt = (more: object) => ann.say({ type: 'receipt', conversation: 'c', epoch, ...more })
    expect(await heads()).toEqual([])
    bob.say(send('a'), send('b'))
    await settle()
    expect([await heads(), await heads()]).toEqual([[2], [2]])
    receipt({ delivered: 1 })
    expect(await heads()).toEqual([2])
    receipt({ epoch: 'another', delivered: 2 })
    expect(await heads()).toEqual([2])
    receipt({ delivered: 2 })
    expect(await heads()).toEqual([])
    // Above the head: of a log that a backup has cut. It says nothing of what is yet to come.
    receipt({ read: 99 })
    bob.say(send('d'))
    await settle()
    expect(await heads()).toEqual([3])
    ann.say(open())
    await settle()
    expect(await heads()).toEqual([])
  })

  it('R5: name the head of a new epoch, however low it is', async () => {
    const inner = [memoryStore(), memoryStore()] as const
    let restored = 0
    const at = () => inner[restored] ?? inner[0]
    const store: Store = {
      write: (...asked) => at().write(...asked),
      open: (asked) => at().open(asked),
      page: (asked) => at().page(asked),
      inbox: (asked) => at().inbox(asked),
      members: (asked) => at().members(asked),
      changes: (asked) => at().changes(asked),
      news: (asked) => at().news(asked),
      close: () => at().close(),
    }
    const { link, put, settle } = drivenHub({ store })
    await put(['ann', 'bob'])
    const [ann, bob] = [link('ann'), link('bob')]
    bob.say(send('a'), send('b'))
    ann.say(open())
    await settle()
    restored = 1
    await put(['ann', 'bob'])
    bob.say(send('c'))
    await settle()
    ann.say({ type: 'ping', n: 1 })
    await settle()
    expect(ann.of('pong')[0]?.heads).toMatchObject([{ seq: 1, epoch: expect.not.stringMatching(ann.of('opened')[0]?.epoch ?? '') }])
  })
})

describe('the inbox stream', () => {
  it('continues its cursor with rows of conversations that are not followed, and with what is gone', async () => {
    const { link, put, settle } = drivenHub()
    await put(['ann', 'bob'], 'c')
    await put(['ann', 'bob'], 'd')
    const [ann, bob] = [link('ann'), link('bob')]
    ann.say(open('c'), { type: 'inbox', request: 2 })
    await settle()
    bob.say(send('1', 'c'))
    await settle()
    bob.say(send('2', 'd'))
    await settle()
    await put(['bob'], 'd')
    const frames = ann.of('inbox')
    expect(frames.map(({ request, rows, gone }) => [request, rows.map((row) => row.conversation), gone])).toEqual([
      [2, ['d', 'c'], []],
      [undefined, ['d'], []],
      [undefined, [], ['d']],
    ])
    expect(frames.slice(1).map((frame) => frame.prev)).toEqual(frames.slice(0, -1).map((frame) => frame.next))
    expect(frames[1]?.rows[0]).toMatchObject({ unread: { count: 1 }, last: { localId: '2' } })
  })
})

describe('a link', () => {
  it('of a higher number fences what the older one sent and was not stored', async () => {
    const { link, put, settle } = drivenHub()
    await put(['ann'])
    const older = link('ann')
    older.say(send('a'))
    const newer = link('ann', { link: 2 })
    newer.say(open())
    await settle()
    expect([older.closes, newer.of('opened')[0]?.head]).toEqual([['superseded'], 0])
    const late = link('ann', { link: 1 })
    expect([late.closes, late.fresh()]).toEqual([['superseded'], ['refused']])
    newer.say({ type: 'ping', n: 1 })
    await settle()
    expect(newer.of('pong')).toHaveLength(1)
  })

  it('that merely broke leaves its writes to the store', async () => {
    const { link, put, settle } = drivenHub()
    await put(['ann'])
    const first = link('ann')
    first.say(send('a'))
    first.closed()
    const second = link('ann', { link: 2 })
    second.say(send('a'), send('b', 'c', 'a'))
    await settle()
    expect(second.of('ack').map((frame) => [frame.localId, frame.seq])).toEqual([
      ['a', 1],
      ['b', 2],
    ])
  })

  it('that is too fast is rejected in passing, then cut, and may come again', async () => {
    const { link, put, settle, tick } = drivenHub({ rate: { perSecond: 10, burst: 4 } })
    await put(['ann'])
    const ann = link('ann')
    ann.say(...[1, 2, 3, 4, 5].map((n) => send(`a${n}`)))
    await settle()
    expect(ann.of('reject')).toMatchObject([{ localId: 'a5', code: 'rate-limited', final: false, retryAfterMs: 100 }])
    tick(100)
    ann.say(send('a5'))
    await settle()
    expect(ann.of('ack')).toHaveLength(5)
    ann.say(...[1, 2, 3, 4].map((n) => send(`b${n}`)))
    expect(ann.closes).toEqual([])
    ann.say(send('b5'))
    expect(ann.closes).toEqual(['rate-limited'])
  })

  it('that sends more than the rate, and again what was refused, is served at all of the rate', async () => {
    const { link, put, settle, tick } = drivenHub({ rate: { perSecond: 10, burst: 4 } })
    await put(['ann'])
    const ann = link('ann')
    let sent = 0
    for (let tenth = 0; tenth < 200; tenth++, tick(100)) {
      ann.say(send(`a${++sent}`), send(`a${++sent}`))
      await settle()
    }
    expect(ann.closes).toEqual([])
    expect(ann.of('ack').length).toBeGreaterThanOrEqual(200)
  })

  it('may follow 50 conversations and no more', async () => {
    const { link, put, settle } = drivenHub()
    for (let n = 0; n <= 50; n++) await put(['ann'], `c${n}`)
    const ann = link('ann')
    for (let n = 0; n <= 50; n++) ann.say(open(`c${n}`))
    await settle()
    expect([ann.of('opened').length, ann.of('failed')]).toMatchObject([50, [{ code: 'too-large' }]])
    ann.say({ type: 'unfollow', conversation: 'c0' }, open('c50'))
    await settle()
    expect(ann.of('opened')).toHaveLength(51)
  })

  it('hears of the end before it is closed', async () => {
    const { hub, link } = drivenHub()
    const ann = link('ann')
    hub.drain(500)
    await hub.stop('drain', 500)
    expect([ann.fresh(), ann.closes]).toEqual([['welcome', 'drain'], ['drain']])
  })

  it('is answered a little at a time while what it asked for before has not left, in its order', async () => {
    const { hub, put, settle } = drivenHub()
    for (const name of ['a', 'b', 'c', 'd']) await put(['ann'], name)
    const heard: string[] = []
    let waiting = 0
    const connected = hub.connect({
      user: 'ann',
      hello: { type: 'hello', version: 1, user: 'ann', device: 'd', lane: 'ann', link: 1 },
      send(frames) {
        heard.push(...frames.map((frame) => (frame.type === 'opened' ? `opened ${frame.conversation}` : frame.type)))
        if (heard.some((what) => what.startsWith('opened'))) waiting = 300_000
      },
      waiting: () => waiting,
      close: (code) => void heard.push(code),
    })
    for (const name of ['a', 'b', 'c']) connected.receive(open(name))
    connected.receive(send('a1', 'c'))
    connected.receive(open('d'))
    await settle()
    expect(heard).toEqual(['welcome', 'opened a', 'opened b'])
    waiting = 0
    connected.drained()
    await settle()
    // What is written is answered at once; what is read takes its time.
    expect(heard.slice(3)).toEqual(['ack', 'opened c', 'change', 'opened d'])
    for (let n = 0; n < 1_000; n++) connected.receive(open(`x${n}`))
    expect(heard.at(-1)).not.toBe('slow-consumer')
    connected.receive(open('one too many'))
    expect(heard.at(-1)).toBe('slow-consumer')
  })

  it('is cut when more than a mebibyte of what it said waits behind a question, and not for what has been heard since', async () => {
    const { hub, put, settle } = drivenHub()
    await put(['ann'])
    const closes: string[] = []
    let waiting = 300_000
    const connected = hub.connect({
      user: 'ann',
      hello: { type: 'hello', version: 1, user: 'ann', device: 'd', lane: 'ann', link: 1 },
      send() {},
      waiting: () => waiting,
      close: (code) => void closes.push(code),
    })
    const say = (name: string) => {
      connected.receive(open())
      for (let n = 0; n < 16; n++) connected.receive(send(`${name}${n}`), 64 * 1024)
    }
    say('a')
    waiting = 0
    connected.drained()
    await settle()
    waiting = 300_000
    say('b')
    expect(closes).toEqual([])
    connected.receive({ type: 'ping', n: 1 }, 1)
    expect(closes).toEqual(['slow-consumer'])
  })

  it('is told to come back in its turn', () => {
    const { hub, link } = drivenHub()
    const links = ['ann', 'bob', 'cid', 'dan'].map((user) => link(user))
    hub.drain(1_000, 400)
    expect(links.map((one) => one.of('drain')[0]?.retryAfterMs)).toEqual([1_000, 1_100, 1_200, 1_300])
  })
})

describe('a failing store', () => {
  it('that throws instead of rejecting is a failing one', async () => {
    const inner = memoryStore()
    let broken = false
    const store: Store = {
      ...inner,
      write(batch, mint) {
        if (broken) throw new Error('closed')
        return inner.write(batch, mint)
      },
    }
    const { link, put, settle } = drivenHub({ store })
    await put(['ann'])
    const ann = link('ann')
    broken = true
    ann.say(send('a'), send('b'))
    await settle()
    expect(ann.of('reject').map(({ localId, code }) => [localId, code])).toEqual([
      ['a', 'unavailable'],
      ['b', 'unavailable'],
    ])
    broken = false
    ann.say(send('a'))
    await settle()
    expect(ann.of('ack').map((frame) => frame.localId)).toEqual(['a'])
  })

  it.each([
    ['answered', 'second', true],
    ['about to be answered', 'first', false],
  ])('cannot answer a second tab on one link: the one that was %s is told on', async (_, failing, isSettled) => {
    const inner = memoryStore()
    let asked = 0
    const store: Store = {
      ...inner,
      open: (at) => (['first', 'second'][asked++] === failing ? Promise.reject(new Error('disk')) : inner.open(at)),
    }
    const { link, put, settle } = drivenHub({ store })
    await put(['ann', 'bob'])
    const [ann, bob] = [link('ann'), link('bob')]
    ann.say(open())
    if (isSettled) await settle()
    ann.say(open())
    await settle()
    expect([ann.of('opened').length, ann.of('failed').map(({ code }) => code)]).toEqual([1, ['unavailable']])
    bob.say(send('a'))
    await settle()
    expect(ann.of('change').map(({ seq }) => seq)).toEqual([1])
  })

  it('rejects in passing, harms no neighbour in the batch, and heals', async () => {
    const inner = memoryStore()
    const store: Store = {
      ...inner,
      write: (batch, mint) =>
        batch.some((one) => one.kind === 'send' && one.localId === 'bad') ? Promise.reject(new Error('disk')) : inner.write(batch, mint),
    }
    const { link, put, settle } = drivenHub({ store })
    await put(['ann'])
    const ann = link('ann')
    ann.say(send('a'), send('bad'), send('b'))
    await settle()
    expect(ann.of('ack').map((frame) => frame.localId)).toEqual(['a', 'b'])
    expect(ann.of('reject')).toMatchObject([{ localId: 'bad', code: 'unavailable', final: false }])
  })
})

describe('a planted bug', () => {
  it('ackBeforeCommit answers while nothing is stored; ignoreAfter stores out of order', async () => {
    globalThis.planted = { ackBeforeCommit: true, ignoreAfter: true }
    const { link, put, settle } = drivenHub()
    await put(['ann'])
    const ann = link('ann')
    ann.say(open())
    await settle()
    ann.fresh()
    ann.say(send('b', 'c', 'a'))
    await settle()
    expect(ann.fresh()).toEqual(['ack', 'change', 'ack'])
  })
})
