/** What an answer to the request for a stream says: here it is, or why there is none and what the session does next (docs/protocol.md, §16.3). */
import type { LinkClosed } from '../../ports/transport.js'

/** Undefined: an event stream begins. */
export async function refusalOf(response: Response): Promise<LinkClosed | undefined> {
  const { ok, status, headers, body } = response
  const kind = headers.get('content-type') ?? 'of no type'
  if (ok && body && kind.startsWith('text/event-stream')) return undefined
  if (ok) return { band: 'retry', code: 'not-a-stream', reason: `No stream came: the answer is ${kind}. ${notOurs}` }
  if (status === 401) return { band: 'refresh', code: await codeIn(response) }
  if (status === 403) return { band: 'terminal', code: 'forbidden', reason: 'No stream came: this user or page may not connect (403).' }
  const code = status === 429 ? 'rate-limited' : status === 503 && 'overloaded'
  const retryAfterMs = waitIn(headers.get('retry-after'))
  if (code && retryAfterMs !== undefined) return { band: 'retry-after', code, retryAfterMs }
  return { band: 'retry', code: `http-${status}`, reason: `No stream came: the answer is ${status}.` }
}

const notOurs = 'The sign-in page of a network or another server may have answered: sign in there, or check the url.'

/** Seconds, or a date. */
function waitIn(header: string | null): number | undefined {
  if (header === null) return undefined
  const ms = /^\d+$/.test(header) ? Number(header) * 1_000 : Date.parse(header) - Date.now()
  return ms >= 0 ? ms : undefined
}

/** Of a 401. Our server's answer comes in one piece; of anybody else's no more than the first is read. */
async function codeIn({ body }: Response): Promise<string> {
  try {
    const first = await body?.getReader().read()
    if (JSON.parse(new TextDecoder().decode(first?.value)).code === 'token-expired') return 'token-expired'
  } catch {
    // Not our server's words.
  }
  return 'unauthorized'
}
