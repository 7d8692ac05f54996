/** X1–X4: two real chats over a fast path and a slow, final log, in virtual time; each path fails and comes back. */
import { describe, expect, it } from 'vitest'
import type { Message } from '../src/index.js'
import { virtualClock } from '../src/testing/virtual-clock.js'
import { mockTransport } from '../src/transports/mock/index.js'
import { finality } from '../src/transports/finality/index.js'
import { drivenChat } from './fakes/driven-chat.js'

const slowMs = 2_000

async function setUp({ finalFirst = 'up' as 'up' | 'refused' } = {}) {
  const clock = virtualClock()
  const fast = mockTransport({ clock })
  const final = mockTransport({ clock })
  fast.delay(20)
  final.delay(slowMs)
  if (finalFirst === 'refused') final.refuse('overloaded')
  const told: string[] = []
  const people = ['ann', 'ben'].map((user) => {
    const { chat, pass } = drivenChat({
      user,
      clock,
      transport: finality({ fast: { ...fast, name: 'fast' }, final: { ...final, name: 'final' }, clock }),
    })
    for (const event of ['corrected', 'withdrawn', 'failed', 'reset'] as const) chat.on(event, () => told.push(`${user} ${event}`))
    const talk = chat.conversation('c')
    const seen: string[] = []
    talk.timeline.subscribe(({ messages }) => {
      const keys = messages.map(({ key }) => key)
      // L5: at no time is one shown twice.
      expect(new Set(keys).size).toBe(keys.length)
      seen.push(messages.map(({ content }) => content).join(' '))
    })
    const shown = () => talk.timeline.get().messages.map(({ content, status, finality }: Message) => `${content} ${status} ${finality}`)
    const via = () => {
      const session = chat.session.get()
      return session.phase === 'online' ? session.transport : session.phase
    }
    chat.connect()
    return { chat, talk, shown, seen, via, pass }
  })
  const [ann, ben] = people as [(typeof people)[0], (typeof people)[0]]
  const pass = async (ms: number) => {
    for (const untilMs = clock.now() + ms; clock.now() < untilMs; ) await ann.pass(Math.min(10, untilMs - clock.now()))
  }
  const end = async () => {
    for (const { chat } of people) await chat.close()
    expect(clock.pending()).toBe(0)
  }
  await pass(100)
  return { clock, fast, final, told, ann, ben, pass, end }
}

describe('a fast path and a final log', () => {
  it('X1 X3: the other sees it in 100 ms; when the log is final both show it final, in place, and nothing was corrected', async () => {
    const { ann, ben, told, pass, end } = await setUp()
    expect(ann.via()).toBe('fast')
    await pass(20_000)
    expect(ann.via()).toBe('fast+final')
    ann.talk.send('hi')
    await pass(100)
    expect([ann.shown(), ben.shown()]).toEqual([['hi sending provisional'], ['hi sent provisional']])
    ben.talk.send('you')
    await pass(100)
    expect(ann.shown()).toEqual(['hi sending provisional', 'you sent provisional'])
    const keys = [ann, ben].map(({ talk }) => talk.timeline.get().messages.map(({ key }) => key))
    await pass(20_000)
    expect(ann.shown().map((each) => each.split(' ').at(-1))).toEqual(['final', 'final'])
    expect([ann, ben].map(({ talk }) => talk.timeline.get().messages.map(({ key }) => key))).toEqual(keys)
    expect(told).toEqual([])
    await end()
  })

  it('X2: without the final log the fast path carries; nothing is `sent` until it is back, and then there is one copy', async () => {
    const { ann, ben, final, told, pass, end } = await setUp({ finalFirst: 'refused' })
    await pass(30_000)
    expect([ann.via(), ann.talk.timeline.get().state]).toEqual(['fast', 'loading'])
    for (const text of ['one', 'two', 'three']) {
      ann.talk.send(text)
      await pass(100)
      expect(ben.shown().at(-1)).toBe(`${text} sent provisional`)
    }
    ben.talk.send('four')
    await pass(120_000)
    expect(ann.chat.outbox.get()).toHaveLength(3)
    expect(ann.shown().at(-1)).toBe('four sent provisional')
    final.accept()
    final.delay(slowMs)
    await pass(120_000)
    expect(ann.shown().every((each) => each.endsWith('final'))).toBe(true)
    expect(
      [ann, ben].map(({ talk }) =>
        talk.timeline
          .get()
          .messages.map(({ content }) => content)
          .sort(),
      ),
    ).toEqual([0, 1].map(() => ['four', 'one', 'three', 'two']))
    expect(ann.shown()).toHaveLength(4)
    expect(ann.chat.outbox.get()).toEqual([])
    expect(told.filter((each) => !each.endsWith('corrected'))).toEqual([])
    await end()
  })

  it('X2 X4: the final log is lost and comes back, then the fast path; each message is there once', async () => {
    const { ann, ben, fast, final, told, pass, end } = await setUp()
    await pass(20_000)
    final.refuse('overloaded')
    final.disconnect()
    await pass(2_000)
    expect(ann.via()).toBe('fast')
    ann.talk.send('by the fast path')
    await pass(100)
    expect(ben.shown()).toEqual(['by the fast path sent provisional'])
    final.accept()
    final.delay(slowMs)
    await pass(90_000)
    expect(ann.via()).toBe('fast+final')
    fast.refuse('overloaded')
    fast.disconnect()
    await pass(100)
    expect(ann.via()).toBe('final')
    ann.talk.send('by the final log')
    await pass(100)
    expect(ben.shown()).toHaveLength(1)
    await pass(20_000)
    for (const { shown } of [ann, ben])
      expect(shown().map((each) => each.replace(/ \w+ final$/, ''))).toEqual(['by the fast path', 'by the final log'])
    fast.accept()
    await pass(60_000)
    expect([ann.via(), told]).toEqual(['fast+final', []])
    await end()
  })
})
