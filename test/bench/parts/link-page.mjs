/** What runs in the browser: the shipped client over each transport, storage in memory, both links standing all the time. */
import { createChat } from 'chatloom'
import { sseTransport } from 'chatloom/sse'
import { webSocketTransport } from 'chatloom/websocket'

const content = (n) => ({ text: `until what was thread has become cloth ${n}` })

/** Each a user with a conversation alone, so that none hears of the other. */
async function sit(user, transport) {
  const chat = createChat({ user, transport })
  const talk = chat.conversation(user)
  let heard = () => {}
  talk.timeline.subscribe((view) => heard(view))
  chat.connect()
  const until = (holds) =>
    new Promise((resolve) => {
      heard = (view) => holds(view) && resolve()
      heard(talk.timeline.get())
    })
  await until(({ state }) => state === 'ready')

  /** From `send()` to the snapshot that shows `sent`, one send after the other, ms each. */
  async function roundTrips(count) {
    const times = []
    for (let n = 0; n < count; n++) {
      const startedMs = performance.now()
      const localId = talk.send(content(n))
      await until(({ messages }) => messages.findLast((message) => message.localId === localId)?.status === 'sent')
      times.push(performance.now() - startedMs)
    }
    return times
  }

  /** Queues `count` sends in one turn; ms until the last is shown as `sent`. */
  async function drain(count) {
    const startedMs = performance.now()
    let last = ''
    for (let n = 0; n < count; n++) last = talk.send(content(n))
    await until(({ messages }) => messages.findLast((message) => message.localId === last)?.status === 'sent')
    if (chat.outbox.get().length > 0) throw new Error('The last was sent before another.')
    return performance.now() - startedMs
  }

  return { roundTrips, drain }
}

const address = `//127.0.0.1:${new URLSearchParams(location.search).get('port')}/`
const [sse, websocket] = await Promise.all([
  sit('sse', sseTransport({ url: `http:${address}`, token: 'sse' })),
  sit('websocket', webSocketTransport({ url: `ws:${address}`, token: 'websocket' })),
])
globalThis.bench = { sse, websocket }
