/** The way up: one POST in flight; what is sent meanwhile waits and goes together, in order (R17). A POST that fails ends the link: its fate is unknown. */
import type { LinkClosed } from '../../ports/transport.js'
import type { ClientFrame } from '../../protocol/frames.js'
import { sentenceOf } from '../asked.js'
import { createBatch } from '../batch.js'

export interface Uplink {
  send(frame: ClientFrame): void
  /** What waits is dropped, no timer is left. */
  close(): void
}

/** Several times what the session waits for an acknowledgement: it ends a link whose way up is dead while its way down lives. */
const postTimeoutMs = 30_000

export function createUplink(post: (body: string) => Promise<Response>, failed: (why: LinkClosed) => void): Uplink {
  let deadline: ReturnType<typeof setTimeout> | undefined
  let isClosed = false
  const batch = createBatch(
    (body) => void write(body),
    () => isClosed || deadline !== undefined,
  )

  async function write(body: string) {
    deadline = setTimeout(() => fail('timeout', `no answer within ${postTimeoutMs} ms`), postTimeoutMs)
    try {
      const { status } = await post(body)
      if (status !== 204) fail(`http-${status}`, `the answer is ${status}`)
    } catch (error) {
      fail('network', sentenceOf(error))
    }
    clearTimeout(deadline)
    deadline = undefined
    batch.flush()
  }

  function fail(code: string, why: string) {
    failed({ band: 'retry', code, reason: `Frames may not have arrived: a POST failed: ${why}.` })
  }

  return {
    send(frame) {
      try {
        batch.add(frame)
      } catch (error) {
        failed({ band: 'retry', code: 'bad-frame', reason: `A ${frame.type} frame was not sent: it is not JSON. ${sentenceOf(error)}` })
      }
    },
    close() {
      isClosed = true
      clearTimeout(deadline)
    },
  }
}
