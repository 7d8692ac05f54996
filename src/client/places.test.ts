/** Calls for places in a log that is not known yet, and arguments that no log has. */
import { describe, expect, it, vi } from 'vitest'
import { type DrivenChat, drivenChat } from '../../test/fakes/driven-chat.js'
import type { StorageFactory } from '../ports/storage.js'
import { memoryStorage } from '../storage/memory/index.js'

function filled(options: { storage?: StorageFactory } = {}): DrivenChat<unknown> {
  const driven = drivenChat(options)
  for (let i = 1; i <= 300; i++) driven.mock.say('c', 'ann', i)
  return driven
}
const shownBy = ({ chat }: DrivenChat<unknown>) =>
  chat
    .conversation('c')
    .timeline.get()
    .messages.map(({ content }) => content)
const outcome = (call: Promise<unknown>) =>
  call.then(
    () => 'done',
    (error: { code: string }) => error.code,
  )

/** What a chat has stored that was looked at and closed. */
async function stored(): Promise<StorageFactory> {
  const storage = memoryStorage()
  const { chat, online, pass } = filled({ storage })
  chat.conversation('c').timeline.subscribe(() => {})
  await online()
  await pass(1_000)
  await chat.close()
  return storage
}

describe('R19: a place asked for before the log is known', () => {
  it('is shown once the server has told the log, without a subscriber', async () => {
    const driven = filled()
    driven.chat.connect()
    const jumped = driven.chat.conversation('c').jumpTo(5)
    await driven.pass(1_000)
    await jumped
    expect(shownBy(driven)).toContain(5)
    expect(shownBy(driven)).not.toContain(300)
  })

  it('older messages are loaded then, too', async () => {
    const driven = filled()
    driven.chat.connect()
    const loaded = driven.chat.conversation('c').loadOlder()
    await driven.pass(1_000)
    await loaded
    expect(shownBy(driven).length).toBeGreaterThan(100)
    expect(shownBy(driven)).toContain(300)
  })

  it('is shown from what is stored, without a link', async () => {
    const driven = filled({ storage: await stored() })
    const jumped = outcome(driven.chat.conversation('c').jumpTo(300))
    await driven.pass()
    expect(await jumped).toBe('done')
  })

  it('is asked for once the link is there, where it is not stored as the rest is; where none comes it rejects `offline`', async () => {
    for (const isThere of [true, false]) {
      const driven = filled({ storage: await stored() })
      const talk = driven.chat.conversation('c')
      talk.timeline.subscribe(() => {})
      await driven.pass()
      expect(talk.timeline.get().state).toBe('stale')
      driven.chat.connect()
      const jumped = outcome(talk.jumpTo(5))
      if (!isThere) driven.mock.disconnect()
      await driven.pass(1_000)
      expect([await jumped, shownBy(driven).includes(5)]).toEqual(isThere ? ['done', true] : ['offline', false])
    }
  })

  it('rejects `offline` where nothing is stored and no link is there or comes', async () => {
    const { chat, pass, mock } = filled()
    const calls = [outcome(chat.conversation('c').jumpTo(5)), outcome(chat.conversation('c').loadOlder())]
    await pass()
    expect(await Promise.all(calls)).toEqual(['offline', 'offline'])
    chat.connect()
    const cut = outcome(chat.conversation('d').jumpTo(1))
    mock.disconnect()
    await pass()
    expect(await cut).toBe('offline')
  })

  it('rejects `not-found` outside of the log that came', async () => {
    const { chat, pass } = filled()
    chat.connect()
    const calls = [-1, 0, 301].map((seq) => outcome(chat.conversation('c').jumpTo(seq)))
    await pass(1_000)
    expect(await Promise.all(calls)).toEqual(['not-found', 'not-found', 'not-found'])
  })

  it('follows the conversation no longer once aborted, and shows nothing', async () => {
    const driven = filled()
    const ending = new AbortController()
    driven.chat.connect()
    const call = outcome(driven.chat.conversation('c').jumpTo(5, { signal: ending.signal }))
    ending.abort()
    expect(await call).toBe('aborted')
    await driven.pass(1_000)
    expect(shownBy(driven)).not.toContain(5)
  })

  it('L11: rejects `closed` when the chat ends meanwhile', async () => {
    const { chat, pass, mock } = filled()
    mock.delay(10_000)
    chat.connect()
    const call = outcome(chat.conversation('c').jumpTo(5))
    await pass()
    await chat.close()
    expect(await call).toBe('closed')
  })

  it('L11: rejects `closed` where the chat is ended by who hears that the log is known', async () => {
    const { chat, pass } = filled()
    const talk = chat.conversation('c')
    const ended = vi.fn<(code: string) => void>()
    chat.connect()
    for (const call of [talk.jumpTo(5), talk.loadOlder()]) void outcome(call).then(ended)
    talk.timeline.subscribe(({ state }) => {
      if (state === 'ready') void chat.close()
    })
    await pass(1_000)
    expect(ended.mock.calls).toEqual([['closed'], ['closed']])
  })
})

describe('a call', () => {
  it.each([Number.NaN, 1.5, Number.POSITIVE_INFINITY, '3', undefined])(
    'for the place %s rejects `bad-argument`, and the link stays',
    async (seq) => {
      const { chat, online, mock } = filled()
      await online()
      const talk = chat.conversation('c')
      const limit = seq ?? 'none'
      const options = { limit: limit as number }
      const calls = [talk.jumpTo(seq as number), talk.loadOlder(options), talk.loadNewer(options)]
      expect(await Promise.all(calls.map(outcome))).toEqual(['bad-argument', 'bad-argument', 'bad-argument'])
      expect(mock.sent.filter(({ type }) => type === 'history')).toEqual([])
    },
  )

  it('on a closed chat rejects and does not throw', async () => {
    const { chat } = filled()
    const talk = chat.conversation('c')
    await chat.close()
    const calls = [talk.jumpTo(1), talk.jumpToLatest(), talk.loadOlder(), talk.loadNewer(), chat.settled('x')]
    expect(await Promise.all(calls.map(outcome))).toEqual(['closed', 'closed', 'closed', 'closed', 'closed'])
  })
})
