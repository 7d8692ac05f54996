/** A chat of the built package over the scripted transport, online and with its conversations open. */
import { built, entry } from './built.mjs'
import { assertShown } from './log.mjs'
import { turn } from './rounds.mjs'
import { scriptedTransport } from './scripted.mjs'

const { createChat } = await entry('index')
const { decodeServerFrames: decode } = await built('src/protocol/codec.ts')
export const me = 'me'

/** Opens `conversations` and waits until their timelines are ready. `seen` hears every snapshot of every timeline. */
export async function sit({ conversations = ['c0'], heads, inboxRows, seen = () => {} }) {
  const script = scriptedTransport({ decode, user: me, heads, inboxRows })
  const chat = createChat({ user: me, transport: script.transport })
  chat.on('fault', (error) => {
    throw error
  })
  const talks = conversations.map((id) => chat.conversation(id))
  // Told by reference, so that a bench can put its own listener there once everything is open.
  const listener = { seen }
  for (const talk of talks) talk.timeline.subscribe((view) => listener.seen(view))
  chat.connect()
  await until(() => talks.every((talk) => talk.timeline.get().state === 'ready'))
  return { chat, talks, script, listener }
}

/** Opens one more conversation of a chat that sits; `end` lets go of it. */
export async function join({ chat, listener }, id) {
  const talk = chat.conversation(id)
  const end = talk.timeline.subscribe((view) => listener.seen(view))
  await until(() => talk.timeline.get().state === 'ready')
  return { talk, end }
}

export async function until(holds, turns = 10_000) {
  for (let i = 0; i < turns; i++) {
    if (holds()) return
    await turn()
  }
  throw new Error('The bench waited in vain.')
}

/** Reads a conversation from its newest message to its first through the timeline and compares every one. */
export async function readBack(talk, count) {
  await talk.jumpToLatest()
  let next = count
  for (;;) {
    const view = talk.timeline.get()
    const at = view.messages.findLastIndex((message) => message.seq <= next)
    for (let i = at; i >= 0; i--, next--) assertShown(talk.id, view.messages[i], next)
    if (next === 0) return
    if (!view.hasOlder) throw new Error(`The timeline of ${talk.id} ends above ${next}.`)
    await talk.loadOlder({ limit: 100 })
  }
}
