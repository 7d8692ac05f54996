/** A server that only says how far a log has come, over a stream that stands: one small catch-up per burst, soon (R5). */
import { afterEach, expect, it } from 'vitest'
import { createChat, type Transport, type View } from '../../src/index.js'
import type { ServerFrame } from '../../src/protocol/frames.js'
import { sseTransport } from '../../src/transports/sse/index.js'
import { type Listening, listen } from './dial.js'

let listening: Listening
afterEach(() => listening.close())

/** Changes are heard as hints; what the client asks is told to `asked`. */
function hintsOnly(transport: Transport, asked: (frame: { readonly type: string }) => void): Transport {
  const asHint = (frame: ServerFrame): ServerFrame => {
    if (frame.type !== 'change') return frame
    const { conversation, epoch, seq } = frame
    return { type: 'head', heads: [{ conversation, epoch, seq }] }
  }
  return {
    name: transport.name,
    open(to) {
      const link = transport.open({ ...to, frame: (frame) => to.frame(asHint(frame as ServerFrame)) })
      return {
        ...link,
        send(frame) {
          asked(frame)
          link.send(frame)
        },
      }
    },
  }
}

it('500 hints within a second are at most two catch-ups', async () => {
  listening = await listen()
  const { server, url } = listening
  await server.conversations.put({ id: 'c', members: ['ann', 'bot'] })
  let opens = 0
  const asked = ({ type }: { readonly type: string }) => {
    if (type === 'open') opens += 1
  }
  const catchUps: number[] = []
  const chat = createChat({
    user: 'ann',
    transport: hintsOnly(sseTransport({ url: url.replace('ws:', 'http:'), token: 'ann' }), asked),
    metrics: (metric) => metric.name === 'catch-up' && catchUps.push(metric.rows),
  })
  let view: View | undefined
  let heard = () => {}
  chat.conversation('c').timeline.subscribe((next) => {
    view = next
    heard()
  })
  const until = (holds: () => boolean) =>
    new Promise<void>((resolve) => {
      heard = () => holds() && resolve()
      heard()
    })
  chat.connect()
  await until(() => view?.state === 'ready')
  const [opensBefore, catchUpsBefore] = [opens, catchUps.length]

  const startMs = performance.now()
  for (let i = 1; i <= 500; i++) await server.post({ id: `p${i}`, conversation: 'c', author: 'bot', content: { n: i } })
  const saidMs = performance.now() - startMs
  await until(() => (view?.messages.at(-1)?.content as { n: number } | undefined)?.n === 500)
  const shownMs = performance.now() - startMs - saidMs

  expect(view?.messages.map(({ content }) => (content as { n: number }).n)).toEqual(
    Array.from({ length: view?.messages.length ?? 0 }, (_, i) => 501 - (view?.messages.length ?? 0) + i),
  )
  const found = catchUps.slice(catchUpsBefore)
  console.log(
    `said in ${saidMs.toFixed(0)} ms, shown ${shownMs.toFixed(0)} ms later: ${found.length} catch-ups of ${found.join(' + ')} rows in ${opens - opensBefore} pages`,
  )
  // One at once and one 1.1 s later; a machine that takes longer than a second to say them may see one more per 1.1 s.
  expect(found.length).toBeLessThanOrEqual(2 + Math.floor(saidMs / 1_100))
  await chat.close()
})
