/** R10: what a newer peer says is tolerated, and what is not known of it is kept as it came, to the byte. */
import 'fake-indexeddb/auto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import type { Chat } from '../../src/client/api.js'
import { composeChat } from '../../src/client/create-chat.js'
import { isFields } from '../../src/protocol/guards.js'
import type { StorageFactory } from '../../src/ports/storage.js'
import { decodeClientFrames } from '../../src/protocol/client-codec.js'
import { decodeServerFrames, encodeFrames } from '../../src/protocol/codec.js'
import { bandOf, bandOfName, closeCodeName } from '../../src/protocol/codes.js'
import type { ServerFrame } from '../../src/protocol/frames.js'
import { clientFrame, serverFrame } from '../../src/protocol/schemas.js'
import { createMemoryStore } from '../../src/server/memory-store.js'
import { sqliteStore } from '../../src/server/sqlite-store.js'
import { indexedDbStorage } from '../../src/storage/indexeddb/index.js'
import { memoryStorage } from '../../src/storage/memory/index.js'
import { playSession } from '../../src/testing/session/play-session.js'
import { drivenChat } from '../fakes/driven-chat.js'
import { serverDoor } from '../fakes/server-door.js'
import { said } from '../fakes/wire-frames.js'
import { quiet } from '../fuzz/tally.js'
import { textsOf } from '../fuzz/texts.js'
import { live, user } from './scenario.js'
import { virtualClock } from '../../src/testing/virtual-clock.js'

/** As `JSON.stringify` writes it, or it could not be compared. */
const content = JSON.stringify(
  JSON.parse(
    '{"text":"hi","parts":[{"type":"hologram","raw":{"type":"unknown","raw":[1,1e+21,0.1,-1]}},{"":null,"constructor":{"prototype":1},"\\ud800":"\\u0000\\u2028ü","then":true}],"kind":"later"}',
  ),
)
const later = { later: { '': [1, null, { type: 'later' }], constructor: 'x' } }

/** With a field not known in every object, content included. */
function withLater(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withLater)
  return isFields(value) ? { ...Object.fromEntries(Object.entries(value).map(([key, item]) => [key, withLater(item)])), ...later } : value
}

describe('a client that hears of what it does not know', () => {
  it('reads every frame with more in every object of it, and loses nothing of that', () => {
    const texts = textsOf(1, serverFrame)
    for (let i = 0; i < 2_000; i++) {
      const text = JSON.stringify(withLater(texts.right()))
      // A key that no reader may keep.
      if (text.includes('"__proto__":')) continue
      const decoded = decodeServerFrames(text)
      if (!decoded.ok) throw new Error(`${decoded.reason}: ${text}`)
      const [frame] = decoded.frames as [ServerFrame]
      const isKept = frame.type === 'change' && frame.change.kind === 'unknown'
      expect(encodeFrames([isKept ? asSaid(frame, text) : frame])).toBe(text)
    }
  })

  it.each([
    ['a frame', '{"type":"later","conversation":"c","more":[{"a":1}]}', { type: 'unknown' }],
    ['a frame without more', '{"type":"constructor"}', { type: 'unknown' }],
    [
      'a change',
      JSON.stringify(said(3)).replace(/"change":.*$/, `"change":{"kind":"react","more":${content}}}`),
      { seq: 3, change: { kind: 'unknown' } },
    ],
    [
      'a change of another shape',
      JSON.stringify(said(3)).replace(/"change":.*$/, '"change":[1,{"kind":"message"}]}'),
      { change: { kind: 'unknown' } },
    ],
    [
      'content',
      JSON.stringify(said(3, { content: 0 })).replace('"content":0', () => `"content":${content}`),
      { change: { kind: 'message' } },
    ],
    ['a code of a refusal', '{"type":"refused","code":"later"}', { code: 'later' }],
    ['a code of a rejection', '{"type":"reject","conversation":"c","localId":"x","try":1,"code":"later","final":true}', { code: 'later' }],
    ['a reason of a reset', '{"type":"failed","request":1,"code":"later"}', { code: 'later' }],
  ])('keeps %s of a kind not known, and writes it again as it came', (_, text, like) => {
    const decoded = decodeServerFrames(text)
    if (!decoded.ok) throw new Error(decoded.reason)
    expect(decoded.frames).toMatchObject([like])
    const again = encodeFrames(decoded.frames)
    expect(decodeServerFrames(again)).toEqual(decoded)
    const [frame] = decoded.frames as [ServerFrame]
    expect(frame.type === 'unknown' ? JSON.stringify(frame.raw) : encodeFrames([asSaid(frame, text)])).toBe(text)
  })

  it('acts on a close code not known by its band, and tries again where there is none', () => {
    expect([4050, 4150, 4250, 4350, 4999].map((code) => [bandOf(code), closeCodeName(code)])).toEqual(
      ['retry', 'retry-after', 'refresh', 'terminal', 'retry'].map((band) => [band, 'network']),
    )
    expect(bandOfName('later')).toBe('retry')
  })

  it('shows from a session with more in it what it shows without', async () => {
    const name = new URL('./recorded/protocol-1-2026-11-29', import.meta.url)
    const lines = readFileSync(`${name.pathname}.jsonl`, 'utf8').trim().split('\n')
    const clock = virtualClock()
    const session = playSession(lines.flatMap((line) => newer(line)))
    const chat = composeChat({
      user,
      transport: session,
      clock,
      storage: memoryStorage(),
      lanes: { claim: async (_: string, had?: () => void) => had?.(), release() {} },
    })
    expect(await live(chat, clock)).toBe(readFileSync(`${name.pathname}.shown.json`, 'utf8'))
    expect(session.left()).toEqual([])
    await chat.close()
  })

  it.each<[string, () => StorageFactory]>([
    ['memory', () => memoryStorage()],
    ['IndexedDB', () => indexedDbStorage({ name: 'future' })],
  ])('shows content not known as it came, also from the cache after a reload: %s', async (_, storageOf) => {
    const storage = storageOf()
    const first = drivenChat({ storage })
    const told = [
      said(1, { content: 0, author: 'bob', ...later }),
      { ...said(2), change: { kind: 'react', more: 1 } },
      said(3, { index: 1, content: 'after' }),
    ]
    const text = JSON.stringify(told.map((frame) => ({ ...frame, epoch: 'c-1' }))).replace('"content":0', () => `"content":${content}`)
    first.chat.conversation('c').timeline.subscribe(() => {})
    await first.online()
    const decoded = decodeServerFrames(text)
    for (const frame of decoded.ok ? decoded.frames : []) first.mock.push(frame)
    await shows(first.chat, first.pass, 2)
    expect(contentOf(first.chat)).toBe(content)
    // A commit, and what a disk in real time needs.
    for (let i = 0; i < 20; i++) await first.pass(200).then(quiet)
    await first.chat.close()
    const again = drivenChat({ storage })
    again.chat.conversation('c').timeline.subscribe(() => {})
    await shows(again.chat, again.pass, 2)
    expect([again.chat.session.get().phase, contentOf(again.chat)]).toEqual(['idle', content])
    await again.chat.close()
    const strict = drivenChat({
      storage,
      content: {
        '~standard': {
          version: 1,
          vendor: 'test',
          validate: (value) => (typeof value === 'string' ? { value } : { issues: [{ message: 'no text' }] }),
        },
      },
    })
    strict.chat.conversation('c').timeline.subscribe(() => {})
    await shows(strict.chat, strict.pass, 2)
    const [unfit] = strict.chat.conversation('c').timeline.get().messages
    expect([unfit?.content, JSON.stringify(unfit?.invalid?.raw)]).toEqual([undefined, content])
    await strict.chat.close()
    const opened = storage({ user: 'me' }, { state() {} })
    const rows = await opened.read({ prefix: ['m', 'c'] })
    expect(JSON.stringify(rows)).toContain(JSON.stringify(later).slice(1, -1))
    await opened.close()
  })

  it('is told of features, reset reasons and rejections not known, and goes on', async () => {
    const { chat, mock, pass, online } = drivenChat()
    const talk = chat.conversation('c')
    talk.timeline.subscribe(() => {})
    mock.drop(({ type }) => type === 'operation')
    await online()
    const localId = talk.send('hi')
    const failed = chat.settled(localId).catch((error: unknown) => error)
    await pass()
    mock.push({ type: 'reject', conversation: 'c', localId, try: 1, code: 'later', final: true })
    await pass(100)
    expect(await failed).toMatchObject({ code: 'rejected', message: expect.stringContaining('later') })
    mock.push({ type: 'unknown', raw: { type: 'later' } })
    await pass(100)
    expect(chat.session.get().phase).toBe('online')
    await chat.close()
  })
})

describe('a server that hears of what it does not know', () => {
  const path = mkdtempSync(join(tmpdir(), 'chatloom-'))
  afterAll(() => rmSync(path, { recursive: true }))
  const sqlite = () => sqliteStore({ path: join(path, 'chat.db') })

  it('reads every frame with more in every object of it as without', () => {
    const texts = textsOf(2, clientFrame)
    for (let i = 0; i < 2_000; i++) {
      const frame = texts.right()
      const plain = decodeClientFrames(JSON.stringify(frame))
      const more = decodeClientFrames(JSON.stringify({ ...frame, ...later }))
      expect(more).toEqual(plain)
    }
  })

  it.each([
    ['memory', createMemoryStore, false],
    ['SQLite', sqlite, true],
  ] as const)('keeps content not known as it came, and gives it back so: %s', async (_, open, reopens) => {
    const place = { tenant: '', conversation: 'c' }
    let store = open()
    const server = serverDoor({ now: () => 1, name: 's', store })
    await server.hub.put({ ...place, members: [{ user: 'ann' }], profile: { name: 'c', ...later } })
    await server.hub.post({ ...place, id: 'p', author: 'bot', content: JSON.parse(content) })
    const heard: string[] = []
    const line = server.dial({ text: (text) => heard.push(text), closed: () => heard.push('closed') })
    const say = async (text: string) => {
      line.say(text)
      for (let i = 0; i < 5; i++) await quiet()
    }
    await say('{"type":"hello","version":1,"user":"ann","device":"d","lane":"l","link":1,"token":"ann","can":["later"]}')
    await say('{"type":"open","request":1,"conversation":"c","want":{"later":1}}')
    const operation = (localId: string, kind: string) =>
      `{"type":"operation","conversation":"c","localId":"${localId}","try":1,"later":1,"operation":{"kind":"${kind}","content":${content},"later":1}}`
    await say(`[{"type":"later","more":1},${operation('x', 'send')}]`)
    await say(operation('y', 'later'))
    const told = heard.join('\n')
    expect(told.split(`"content":${content}`)).toHaveLength(3)
    expect(told).toContain(JSON.stringify({ type: 'reject', conversation: 'c', localId: 'y', try: 1, code: 'unsupported', final: true }))
    expect(told).not.toContain('closed')
    if (reopens) {
      await store.close()
      store = open()
    }
    const read = await store.open({ ...place, user: 'ann' })
    expect(read?.rows.map((each) => JSON.stringify(each.content))).toEqual([content, content])
    expect(JSON.stringify(read?.profile)).toBe(JSON.stringify({ name: 'c', ...later }))
    await store.close()
  })
})

/** The frame with its change as it was said: what is not known stands in `raw`. */
function asSaid(frame: ServerFrame, text: string): ServerFrame {
  if (frame.type !== 'change' || frame.change.kind !== 'unknown') return frame
  const { change } = JSON.parse(text) as { change: unknown }
  return isFields(change) && change.kind === 'unknown' ? frame : ({ ...frame, change: frame.change.raw } as ServerFrame)
}

/** What a server says, with more in each frame and frames not known before and behind. Content and profiles are the application's. */
function newer(line: string): string[] {
  const step = JSON.parse(line) as { event?: string; frame?: object }
  if (step.event !== 'down') return [line]
  const unknown = JSON.stringify({ ...step, frame: { type: 'later', ...later } })
  const frame = JSON.parse(JSON.stringify(step.frame), (key, value: unknown) =>
    isFields(value) && !['content', 'profile', 'raw', ''].includes(key) && Number.isNaN(Number(key)) ? { ...value, ...later } : value,
  ) as object
  return [unknown, JSON.stringify({ ...step, frame: { ...frame, ...later } }), unknown]
}

async function shows(chat: Chat<never> | Chat, pass: (ms?: number) => Promise<void>, count: number): Promise<void> {
  for (let i = 0; i < 500 && chat.conversation('c').timeline.get().messages.length < count; i++) await pass().then(quiet)
  expect(chat.conversation('c').timeline.get().messages).toHaveLength(count)
}

const contentOf = (chat: Chat) => JSON.stringify(chat.conversation('c').timeline.get().messages[0]?.content)
