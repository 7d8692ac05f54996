// @vitest-environment happy-dom
/** A5: what a fast path shows and a slow, final log decides, in a list on a page: nothing doubled, nothing mounted twice, every correction told once. */
import { act, type ReactElement, useEffect } from 'react'
import { createRoot } from 'react-dom/client'
import { expect, it } from 'vitest'
import { drivenChat } from '../../test/fakes/driven-chat.js'
import { welcomeFrame } from '../../test/fakes/driven-core.js'
import { openedFrame } from '../../test/fakes/wire-frames.js'
import { at, type Opening, way } from '../../test/fakes/way.js'
import type { MessageRow } from '../protocol/frames.js'
import { virtualClock } from '../testing/virtual-clock.js'
import { finality } from '../transports/finality/index.js'
import { ChatProvider, useConversation } from './index.js'

Object.assign(globalThis, { IS_REACT_ACT_ENVIRONMENT: true })

const withdrawMs = 60_000
const names = Array.from({ length: 200 }, (_, i) => `m${i}`)
/** Of every twenty: three land three places later, one says something else, one never comes. */
const isLate = (i: number) => [2, 9, 15].includes(i % 20)
const isChanged = (i: number) => i % 20 === 5
const isAbsent = (i: number) => i % 20 === 12

/** What the final log holds in the end, oldest first. */
function ledger(): readonly { readonly name: string; readonly text: string }[] {
  const placed = names.flatMap((name, i) =>
    isAbsent(i) ? [] : [{ name, text: isChanged(i) ? `${name} changed` : name, place: isLate(i) ? i + 3.5 : i }],
  )
  return placed.sort((a, b) => a.place - b.place)
}

function Row({ text, mounted }: { readonly text: string; readonly mounted: () => void }): ReactElement {
  useEffect(mounted, [mounted])
  return <li>{text}</li>
}

it('A5: 200 messages, of which the log confirms 150, moves 30, changes 10 and never has 10', async () => {
  const clock = virtualClock()
  const paths = { fast: way('fast'), final: way('final') }
  const transport = finality({ fast: paths.fast.transport, final: paths.final.transport, withdrawMs, clock })
  const { chat, pass } = drivenChat({ clock, transport })
  const told: string[] = []
  chat.on('corrected', ({ was }) => told.push(`corrected ${was.content}`))
  chat.on('withdrawn', ({ message }) => told.push(`withdrawn ${message.content}`))

  const mounts: string[] = []
  const host = document.createElement('div')
  const root = createRoot(host)
  const notes = new Map<string, () => void>()
  const noteOf = (key: string) => {
    const note = notes.get(key) ?? (() => void mounts.push(key))
    notes.set(key, note)
    return note
  }
  function List(): ReactElement {
    const { messages } = useConversation<string>('c')
    return (
      <ul>
        {messages.map(({ key, content = '' }) => (
          <Row key={key} text={content} mounted={noteOf(key)} />
        ))}
      </ul>
    )
  }
  const step = (run: () => void, ms = 0) =>
    act(async () => {
      run()
      await pass(ms)
    })
  const nodes = () => [...host.querySelectorAll('li')]
  const texts = () => nodes().map(({ textContent }) => textContent)
  const up = (opening: Opening) => {
    opening.opened()
    opening.frame({ ...welcomeFrame, time: clock.now() })
  }
  const fast = at.bind(null, paths.fast.openings)
  const final = at.bind(null, paths.final.openings)
  const row = (name: string, text: string, seq: number): MessageRow => ({
    id: `id-${name}`,
    seq,
    index: seq - 1,
    rev: seq,
    at: clock.now(),
    author: Number(name.slice(1)) % 2 ? 'ann' : 'ben',
    localId: name,
    content: text,
  })
  const change = (epoch: string, seq: number, message: MessageRow) =>
    ({ type: 'change', conversation: 'c', epoch, seq, tag: `t${seq}`, change: { kind: 'message', message } }) as const

  await step(() =>
    root.render(
      <ChatProvider chat={chat}>
        <List />
      </ChatProvider>,
    ),
  )
  chat.connect()
  await step(() => up(fast()))
  await step(() => up(final()))
  const asked = final().sent.find((frame) => frame.type === 'open') as { request: number }
  await step(() => final().frame(openedFrame(asked.request, 0, 0, { reset: 'first', rows: [] })))
  expect(chat.session.get()).toMatchObject({ phase: 'online', transport: 'fast+final' })

  for (let i = 0; i < names.length; i += 10)
    await step(() => {
      for (const [n, name] of names.slice(i, i + 10).entries()) fast().frame(change('f', i + n + 1, row(name, name, i + n + 1)))
    }, 50)
  expect(texts()).toEqual(names)
  const shown = nodes()

  const truth = ledger()
  for (let i = 0; i < truth.length; i += 7)
    await step(() => {
      for (const [n, { name, text }] of truth.slice(i, i + 7).entries()) final().frame(change('e1', i + n + 1, row(name, text, i + n + 1)))
      expect(new Set(texts()).size).toBe(texts().length)
    }, 200)
  const alive = () => {
    for (const opening of [fast(), final()])
      for (const frame of opening.sent.splice(0)) if (frame.type === 'ping') opening.frame({ type: 'pong', n: frame.n, heads: [] })
  }
  // What is overdue is asked for, and the answer says that it will not come.
  for (let ms = 0; ms <= withdrawMs; ms += 5_000) await step(alive, 5_000)

  expect(texts()).toEqual(truth.map(({ text }) => text))
  expect(
    chat
      .conversation('c')
      .timeline.get()
      .messages.every(({ finality }) => finality === 'final'),
  ).toBe(true)
  // Every row that stayed is the very node that was mounted when the fast path brought it.
  expect(mounts).toHaveLength(200)
  expect(new Set(mounts).size).toBe(200)
  expect(nodes().map((node) => shown.indexOf(node))).toEqual(truth.map(({ name }) => Number(name.slice(1))))
  const expected = names.flatMap((name, i) =>
    isAbsent(i) ? [`withdrawn ${name}`] : isLate(i) || isChanged(i) ? [`corrected ${name}`] : [],
  )
  expect([expected.length, [...told].sort()]).toEqual([50, expected.sort()])
  await act(async () => root.unmount())
  await chat.close()
  expect(clock.pending()).toBe(0)
})
