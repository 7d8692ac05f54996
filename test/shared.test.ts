/** Eight real chats in the tabs of one browser, one link, a real hub, in virtual time: who takes over, how soon, and what it costs (L2–L5). */
import { describe, expect, it } from 'vitest'
import type { Chat, Conversation } from '../src/index.js'
import { composeChat } from '../src/client/create-chat.js'
import type { Lanes } from '../src/client/lanes.js'
import type { StorageFactory } from '../src/ports/storage.js'
import type { Transport } from '../src/ports/transport.js'
import type { ClientFrame } from '../src/protocol/frames.js'
import { memoryStorage } from '../src/storage/memory/index.js'
import { type Network, network } from '../src/testing/test-chat/network.js'
import { worldOf } from '../src/testing/test-chat/server.js'
import { timeOf } from '../src/testing/world/time.js'
import type { Which } from '../src/transports/mock/index.js'
import { shared } from '../src/transports/shared/index.js'
import { type FakeTab, fakeBrowser } from '../src/testing/world/browser.js'

interface Tab {
  readonly chat: Chat
  readonly talk: Conversation
  readonly fake: FakeTab
  readonly net: Network
  /** What its timeline has shown, snapshot by snapshot. */
  readonly seen: (readonly unknown[])[]
  /** As by a crash: no word to anybody. */
  kill(): void
}

/** Locks on lanes that end with their tab. */
function fakeLanes() {
  const held = new Map<string, Tab | undefined>()
  const waiting = new Map<string, (() => void)[]>()
  return (): Lanes => {
    const own: string[] = []
    return {
      locks: true,
      async claim(lane, had) {
        const granted = () => {
          held.set(lane, undefined)
          own.push(lane)
          had?.()
        }
        if (held.has(lane)) waiting.set(lane, [...(waiting.get(lane) ?? []), granted])
        else granted()
      },
      release() {
        for (const lane of own.splice(0)) {
          held.delete(lane)
          waiting.get(lane)?.shift()?.()
        }
      },
    }
  }
}

/** What tabs write to the disk they share, apart from the outbox. */
function counted(storage: StorageFactory) {
  const counts = { cache: 0 }
  const factory: StorageFactory = (scope, to) => {
    const inner = storage(scope, to)
    return {
      ...inner,
      commit(writes, how) {
        if (how.durability === 'relaxed') counts.cache += 1
        return inner.commit(writes, how)
      },
    }
  }
  return { factory, counts }
}

function setUp() {
  const time = timeOf(1, 100)
  const browser = fakeBrowser(time.clock)
  const { hub, server } = worldOf(time, () => ['ann', 'ben'])
  const { factory: storage, counts } = counted(memoryStorage())
  const lanesOf = fakeLanes()
  const sent: ClientFrame[] = []
  const links = { open: 0 }
  const tabs: Tab[] = []
  const losses = new Set<Which>()
  let isOffline = false

  /** Of what reaches the server. */
  const watched = (transport: Transport): Transport => ({
    name: transport.name,
    open(to) {
      links.open += 1
      const link = transport.open({
        ...to,
        closed(why) {
          links.open -= 1
          to.closed(why)
        },
      })
      return {
        ...link,
        send(frame) {
          sent.push(frame)
          link.send(frame)
        },
      }
    },
  })

  async function enter(): Promise<Tab> {
    const fake = browser.tab()
    const net = network({ time, hub, user: 'ann' })
    if (isOffline) net.goOffline()
    net.drop((frame) => [...losses].some((which) => which(frame)))
    const lanes = lanesOf()
    const { clock } = fake
    const chat = composeChat({
      user: 'ann',
      transport: shared(watched(net.transport), { tabs: fake.tabs, clock }),
      storage,
      clock,
      lanes,
    })
    const talk = chat.conversation('c')
    const seen: Tab['seen'] = []
    talk.timeline.subscribe(({ messages }) => {
      seen.push(messages.map(({ content }) => content))
      const keys = messages.map(({ key }) => key)
      expect(new Set(keys).size).toBe(keys.length)
    })
    chat.connect()
    const tab: Tab = {
      chat,
      talk,
      fake,
      net,
      seen,
      kill() {
        fake.kill()
        net.goOffline()
        lanes.release()
      },
    }
    tabs.push(tab)
    await time.pass(50)
    return tab
  }

  const isOnline = ({ chat }: Tab) => chat.session.get().phase === 'online'
  const holds = ({ chat }: Tab) => {
    const session = chat.session.get()
    return session.phase === 'online' && session.transport === 'memory'
  }
  const holder = () => {
    const [found, ...more] = tabs.filter(holds)
    expect(more).toEqual([])
    return found as Tab
  }
  /** How long until every tab is online again, in milliseconds. */
  async function backWithin(ms: number) {
    const since = time.clock.now()
    await time.pass(5)
    while (!tabs.every(isOnline) && time.clock.now() - since < ms) await time.pass(5)
    expect(tabs.every(isOnline), `all are back within ${ms} ms`).toBe(true)
    return time.clock.now() - since
  }
  /** Loses such frames, whoever holds the link. */
  const drop = (which: Which) => {
    losses.add(which)
    return () => losses.delete(which)
  }
  /** The network of the whole device. */
  const goOffline = (is = true) => {
    isOffline = is
    for (const { net } of tabs) is ? net.goOffline() : net.goOnline()
  }
  const gone = (tab: Tab) => void tabs.splice(tabs.indexOf(tab), 1)
  const contents = ({ talk }: Tab) => talk.timeline.get().messages.map(({ content }) => content)
  return { time, browser, server, counts, sent, links, tabs, enter, holder, backWithin, drop, goOffline, gone, contents }
}

async function eight() {
  const made = setUp()
  for (let i = 0; i < 8; i++) await made.enter()
  await made.backWithin(1_000)
  return made
}

describe('eight tabs', () => {
  it.each(['close', 'kill'] as const)('%s: however often the holder goes, every other tab is back within a second', async (how) => {
    const { time, browser, server, links, tabs, enter, holder, backWithin, gone, contents } = await eight()
    const said: string[] = []
    for (let round = 1; round <= 12; round++) {
      const victim = holder()
      gone(victim)
      const text = `${round}`
      said.push(text, `ben ${text}`)
      // On its way, or in the outbox, when the link ends.
      ;(tabs[round % tabs.length] as Tab).talk.send(text)
      if (how === 'close') await victim.chat.close()
      else victim.kill()
      await backWithin(1_000)
      await server.says('c', 'ben', `ben ${text}`)
      await enter()
    }
    await time.pass(3_000)
    for (const tab of tabs) expect([...contents(tab)].sort()).toEqual([...said].sort())
    for (const tab of tabs) expect(contents(tab)).toEqual(contents(tabs[0] as Tab))
    expect([links.open, browser.steals.count]).toEqual([1, 0])
  })

  it('a live message is told as delivered once, and stored by the holder alone', async () => {
    const { time, server, counts, sent } = await eight()
    // ben joins by his first message.
    await server.says('c', 'ben', 'hello')
    await time.pass(10_000)
    sent.length = 0
    counts.cache = 0
    for (let n = 1; n <= 10; n++) {
      await server.says('c', 'ben', `${n}`)
      await time.pass(5_000)
    }
    expect(sent.filter(({ type }) => type === 'receipt')).toHaveLength(10)
    // The message with its cursor, the watermark that moved by it, and the list.
    expect(counts.cache).toBeLessThanOrEqual(3 * 10)
  })

  it('R16: what a tab that died had not sent is sent by the next that opens, in order and once', async () => {
    const { time, tabs, enter, holder, gone, contents } = await eight()
    const victim = tabs.find((tab) => tab !== holder()) as Tab
    for (const text of ['one', 'two', 'three']) victim.talk.send(text)
    await time.quiet()
    victim.kill()
    gone(victim)
    await enter()
    await time.pass(3_000)
    for (const tab of tabs) expect(contents(tab)).toEqual(['one', 'two', 'three'])
    for (const tab of tabs) expect(tab.chat.outbox.get()).toEqual([])
  })

  it('R18: every other tab shows what one is sending, and one that opens meanwhile does too', async () => {
    const { time, tabs, enter, holder, drop, contents } = await eight()
    const [writer] = tabs.filter((tab) => tab !== holder()) as [Tab]
    const mend = drop(({ type }) => type === 'operation')
    writer.talk.send('on its way')
    await time.pass(100)
    const late = await enter()
    for (const tab of [...tabs, late]) {
      expect(contents(tab)).toEqual(['on its way'])
      expect(tab.talk.timeline.get().messages[0]?.status).toBe('sending')
    }
    mend()
    await time.pass(30_000)
    for (const tab of tabs) expect(tab.talk.timeline.get().messages).toMatchObject([{ content: 'on its way', finality: 'final' }])
  })

  it('R18 L5: offline too, whoever comes later, until it is taken back or stands in the log, once and under one key', async () => {
    const { time, tabs, enter, goOffline, contents } = await eight()
    const [writer] = tabs as [Tab]
    goOffline()
    const taken = writer.talk.send('taken back')
    const kept = writer.talk.send('kept')
    await time.pass(100)
    await enter()
    for (const tab of tabs) expect(contents(tab)).toEqual(['taken back', 'kept'])
    writer.talk.discard(taken)
    await time.pass(100)
    const others = tabs.filter((tab) => tab !== writer)
    for (const { talk, chat } of others) {
      expect(talk.timeline.get().messages).toMatchObject([{ key: kept, content: 'kept', status: 'sending', finality: 'provisional' }])
      expect(chat.outbox.get()).toEqual([])
    }
    const since = others.map(({ seen }) => seen.length)
    goOffline(false)
    await time.pass(60_000)
    for (const { talk } of tabs) expect(talk.timeline.get().messages).toMatchObject([{ key: kept, content: 'kept', finality: 'final' }])
    // It stood in every snapshot on the way.
    for (const [i, { seen }] of others.entries()) expect(seen.slice(since[i]).filter((shown) => !shown.includes('kept'))).toEqual([])
  })

  it('R16 R18: what a tab that died has left is shown on by who adopts it and by the others, and withdrawn where nobody does', async () => {
    const { time, tabs, enter, goOffline, gone, contents } = await eight()
    goOffline()
    for (const heir of [true, false]) {
      const victim = tabs[0] as Tab
      victim.talk.send(heir ? 'inherited' : 'left behind')
      await time.pass(100)
      const others = tabs.slice(1)
      const since = others.map(({ seen }) => seen.length)
      victim.kill()
      gone(victim)
      if (heir) await enter()
      await time.pass(5_000)
      for (const tab of tabs) expect(contents(tab)).toEqual(['inherited'])
      for (const [i, { seen }] of heir ? others.entries() : [])
        expect(seen.slice(since[i]).filter((shown) => !shown.includes('inherited'))).toEqual([])
    }
    goOffline(false)
    await time.pass(60_000)
    for (const { talk } of tabs) expect(talk.timeline.get().messages).toMatchObject([{ content: 'inherited', finality: 'final' }])
  })

  it('more conversations than a link may follow: the one that is looked at is live in every tab', async () => {
    const { time, server, tabs } = await eight()
    const [first, second] = tabs as [Tab, Tab]
    for (let n = 1; n <= 49; n++) {
      const off = first.chat.conversation(`first ${n}`).timeline.subscribe(() => {})
      await time.pass(20)
      off()
    }
    const late = Array.from({ length: 5 }, (_, i) => second.chat.conversation(`second ${i}`))
    for (const { timeline } of late) timeline.subscribe(() => {})
    await time.pass(1_000)
    expect(late.map(({ timeline }) => timeline.get().state)).toEqual(late.map(() => 'ready'))
    // What gave way is asked for again when it moves.
    await server.says('first 1', 'ben', 'still there')
    await time.pass(1_000)
    expect(
      first.chat
        .conversation('first 1')
        .timeline.get()
        .messages.map(({ content }) => content),
    ).toEqual(['still there'])
    for (const { id } of late) await server.says(id, 'ben', 'new')
    await time.pass(1_000)
    expect(late.map(({ timeline }) => timeline.get().messages.length)).toEqual([1, 1, 1, 1, 1])
  })
})
