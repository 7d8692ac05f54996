/** What instances in one browser tell each other, and what they do not listen to. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import * as bounds from '../core/bounds.js'
import { drivenChat } from '../../test/fakes/driven-chat.js'
import type { Key, StorageFactory } from '../ports/storage.js'
import { memoryStorage } from '../storage/memory/index.js'
import { virtualClock } from '../testing/virtual-clock.js'
import { mockTransport } from '../transports/mock/index.js'
import { siblings } from './siblings.js'

/** The channels of one browser, each message heard at once. */
let channels: { name: string; onmessage?: (event: { data: unknown }) => void }[] = []
let posted: unknown[] = []

class Channel {
  onmessage?: (event: { data: unknown }) => void
  constructor(readonly name: string) {
    channels.push(this)
  }
  postMessage(data: unknown) {
    if (!channels.includes(this)) throw new Error('closed')
    posted.push(data)
    for (const each of channels) if (each !== this && each.name === this.name) each.onmessage?.({ data })
  }
  close() {
    channels = channels.filter((each) => each !== this)
  }
}

beforeEach(() => {
  channels = []
  posted = []
  vi.stubGlobal('document', new EventTarget())
  vi.stubGlobal('BroadcastChannel', Channel)
})
afterEach(() => vi.unstubAllGlobals())

function instance(lane: string, { user = 'ann', tenant = 't', held = Promise.resolve() as Promise<unknown> } = {}) {
  const [onLogout, onOther, onLane] = [vi.fn(), vi.fn(), vi.fn<(lane: string) => void>()]
  const channel = siblings({ user, tenant }, lane, held, onLogout, onOther, onLane) as BroadcastChannel
  return { channel, onLogout, onOther, heard: () => onLane.mock.calls.map(([of]) => of) }
}

const quiet = () => new Promise<void>((done) => setImmediate(done))

describe('L1 R16: instances of one user', () => {
  it('each hear the lane of every other once, whoever began first', async () => {
    const all = ['a', 'b', 'c'].map((lane) => ({ lane, ...instance(lane) }))
    await quiet()
    const late = { lane: 'd', ...instance('d') }
    await quiet()
    for (const { lane, heard } of [...all, late]) expect(heard().sort()).toEqual(['a', 'b', 'c', 'd'].filter((each) => each !== lane))
  })

  it('hear of a lane only once it is held, and never of one whose instance has ended before', async () => {
    let hold = () => {}
    const held = new Promise<void>((resolve) => {
      hold = resolve
    })
    const here = instance('a')
    const there = instance('b', { held })
    await quiet()
    expect(here.heard()).toEqual([])
    there.channel.close()
    hold()
    await quiet()
    expect(here.heard()).toEqual([])
  })

  it('ignore what is no lane, and lanes beyond the bound', async () => {
    const here = instance('a'.repeat(26))
    const other = new Channel('chatloom:t')
    const tell = (of?: unknown) => other.postMessage(['ann', of])
    for (const of of [1, {}, ['b'], { length: 26 }, 'x'.repeat(1_000), 'a'.repeat(26)]) tell(of)
    expect(here.heard()).toEqual([])
    await quiet()
    posted = []
    for (let n = 0; n < 2 * bounds.lanes; n++) tell(`${n}`.padStart(26, '0'))
    await quiet()
    expect(here.heard()).toHaveLength(bounds.lanes)
    expect(posted).toHaveLength(3 * bounds.lanes)
    expect(here.onLogout).not.toHaveBeenCalled()
    tell()
    expect(here.onLogout).toHaveBeenCalledOnce()
    expect(here.onOther).not.toHaveBeenCalled()
    expect(here.heard()).toHaveLength(bounds.lanes)
  })
})

it.each([
  [
    'refused',
    class {
      constructor() {
        throw new Error('The operation is insecure.')
      }
    },
  ],
  ['not there', undefined],
])('where channels are %s, a chat has no siblings, and is none the worse', async (_, Refused) => {
  vi.stubGlobal('BroadcastChannel', Refused)
  const { chat, online, pass } = drivenChat()
  await online()
  chat.conversation('c').send('mine')
  await pass(1_000)
  expect([chat.session.get().phase, chat.outbox.get()]).toEqual(['online', []])
  await chat.logout()
})

describe('L10: a logout', () => {
  it('ends the chat of another tab', async () => {
    const storage = memoryStorage()
    const [here, there] = [drivenChat({ storage }), drivenChat({ storage })]
    for (const { online } of [here, there]) await online()
    await here.chat.logout()
    await there.pass()
    expect(there.chat.session.get()).toEqual({ phase: 'closed' })
    expect(() => there.chat.connect()).toThrow(expect.objectContaining({ code: 'logged-out' }))
  })

  /** Two tabs of one disk; the first reads no outbox as long as it is `unreadable`. */
  const twoTabs = async () => {
    const storage = memoryStorage()
    const here = { unreadable: false }
    const failing: StorageFactory = (scope, to) => {
      const disk = storage(scope, to)
      const fails = (prefix: Key) => here.unreadable && prefix[0] === 'o'
      return { ...disk, read: (range) => (fails(range.prefix) ? Promise.reject(new Error('closed')) : disk.read(range)) }
    }
    const clock = virtualClock()
    const tabs = [drivenChat({ storage: failing, clock }), drivenChat({ storage, clock })] as const
    for (const { online, mock } of tabs) {
      await online()
      mock.drop((frame) => frame.type === 'operation')
    }
    return { here, tabs, storage, clock }
  }

  it('L1: that cannot read ends the other tab all the same, and what that had stored is sent by nobody and given back', async () => {
    const { here, tabs } = await twoTabs()
    const [{ chat }, there] = tabs
    there.chat.conversation('c').send('theirs')
    await there.pass()
    here.unreadable = true
    await expect(chat.logout()).rejects.toMatchObject({ code: 'storage-failed' })
    there.mock.accept()
    await there.pass(60_000)
    expect(there.chat.session.get()).toEqual({ phase: 'closed' })
    expect(there.mock.sent.filter(({ type }) => type === 'operation')).toEqual([])
    here.unreadable = false
    expect(await chat.logout()).toMatchObject({ unsent: [{ content: 'theirs' }] })
  })

  it('L1: in two tabs at once wipes, and gives back what both had stored', async () => {
    const { tabs } = await twoTabs()
    for (const [i, { chat, pass }] of tabs.entries()) {
      chat.conversation('c').send(`of ${i}`)
      await pass()
    }
    const given = await Promise.all(tabs.map(({ chat }) => chat.logout()))
    const all = given.flatMap(({ unsent }) => unsent.map(({ content }) => content))
    expect([...new Set(all)].sort()).toEqual(['of 0', 'of 1'])
  })

  it('that was rejected is ended by that of another tab', async () => {
    const { here, tabs, storage, clock } = await twoTabs()
    const [{ chat }] = tabs
    here.unreadable = true
    await expect(chat.logout()).rejects.toMatchObject({ code: 'storage-failed' })
    const late = drivenChat({ storage, clock })
    await late.chat.logout()
    await late.pass()
    await expect(chat.logout()).rejects.toMatchObject({ code: 'logged-out' })
  })
})

describe('L10: instances of different users', () => {
  it('those of before are told that one begins, as often as one does; of its lanes and its logout nothing is meant for them', async () => {
    const here = instance('a')
    await quiet()
    const there = instance('b', { user: 'ben' })
    await quiet()
    expect(here.onOther.mock.calls).toEqual([['other-user']])
    // That of before says nothing of itself.
    expect(there.onOther).not.toHaveBeenCalled()
    there.channel.close()
    instance('c', { user: 'ben' })
    await quiet()
    expect(here.onOther).toHaveBeenCalledTimes(2)
    expect([here.heard(), here.onLogout.mock.calls]).toEqual([[], []])
  })

  it('those of another tenant are told nothing', async () => {
    const here = instance('a')
    instance('b', { user: 'ben', tenant: 'other' })
    await quiet()
    expect(here.onOther).not.toHaveBeenCalled()
  })

  it('what another build says may be of another user', () => {
    const here = instance('a')
    new Channel('chatloom:t').postMessage(null)
    expect([here.onOther.mock.calls.length, here.heard()]).toEqual([1, []])
  })

  const accountSwitch = async () => {
    const clock = virtualClock()
    const mock = mockTransport({ clock })
    const here = drivenChat({ user: 'ann', clock, mock })
    const seen: string[] = []
    here.chat.session.subscribe((session) => seen.push('why' in session ? session.why : session.phase))
    await here.online()
    const talk = here.chat.conversation('c')
    seen.length = 0
    const there = drivenChat({ user: 'ben', clock, mock })
    const operations = () => mock.sent.filter(({ type }) => type === 'operation').length
    return { mock, here, there, talk, seen, operations }
  }

  it('a chat is fenced as soon as one of another user begins, and refused where the server no longer takes its token', async () => {
    const { mock, here, there, talk, seen, operations } = await accountSwitch()
    mock.refuse('wrong-user')
    there.chat.connect()
    await there.pass()
    expect(seen).toEqual(['other-user'])
    talk.send('of ann')
    await here.pass(60_000)
    expect(here.chat.session.get()).toEqual({ phase: 'refused', code: 'wrong-user' })
    expect(operations()).toBe(0)
    expect(here.chat.outbox.get()).toMatchObject([{ content: 'of ann', status: 'queued' }])
  })

  it('a chat whose token is still good goes on, and the other is not disturbed by that', async () => {
    const { here, there, talk, seen, operations } = await accountSwitch()
    const theirs: string[] = []
    await there.online()
    there.chat.session.subscribe(({ phase }) => theirs.push(phase))
    talk.send('of ann')
    await here.pass(2_000)
    expect(seen).toEqual(['other-user', 'connecting', 'online'])
    expect(operations()).toBe(1)
    expect(theirs).toEqual(['online'])
  })
})
