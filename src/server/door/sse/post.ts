/** A `POST`: one text of a link. Not more than one at a time, or the link would not be first in, first out (R17). */
import * as limits from '../../../protocol/limits.js'
import { end, hear, refuse } from '../visitor.js'
import { type NoBody, readBody } from './body.js'
import { type Door, gone, lastEventOf, refusal } from './door.js'
import { letGo } from './kept.js'

export async function take({ hall, links }: Door, request: Request, link: string): Promise<Response> {
  const visitor = links.get(link)
  if (!visitor) return gone()
  const { wire } = visitor
  const fail = ({ status, reason }: NoBody) => {
    if (status !== 500) refuse(hall, visitor, reason)
    else if (!request.signal.aborted) hall.logger.error('unread-body', { error: reason })
    // What it held is unknown, so nothing may follow it.
    end(hall, visitor, 'server-error')
    return status === 500 ? Response.json({ code: 'server-error', error: reason }, { status }) : refusal(status, 'bad-frame')
  }
  if (wire.isReading) return fail({ status: 400, reason: 'two POSTs of one link at once' })
  wire.isReading = true
  const body = await readBody(request, limits.clientFrameBytes)
  wire.isReading = false
  if (visitor.phase === 'closed') return gone()
  if ('status' in body) return fail(body)
  letGo(wire.kept, lastEventOf(request))
  if (!hear(hall, visitor, body.text, body.bytes)) return refusal(400, 'bad-frame')
  await turn()
  return new Response(null, { status: 204 })
}

/** The hub's turn comes first: on a busy machine an answer would wake the client in the place of this process, and hold back its acknowledgements. */
const turn = () => new Promise<void>((resolve) => void setImmediate(resolve))
