/** The body of a request of node:http, for a Fetch `Request`. */
import type { IncomingMessage, ServerResponse } from 'node:http'

/** What body parsers leave. */
type Parsed = IncomingMessage & { readonly body?: unknown }

export function bodyOf(request: Parsed, response: ServerResponse): BodyInit {
  if (!request.readableDidRead) return streamOf(request, response)
  const { body } = request
  if (body === undefined) return unreadable()
  return typeof body === 'string' || body instanceof Uint8Array ? (body as BodyInit) : JSON.stringify(body)
}

function unreadable(): ReadableStream {
  const error = new Error('something else has read it and left nothing in request.body.')
  return new ReadableStream({ start: (controller) => controller.error(error) })
}

/** Piece by piece, as it is asked for. What nobody wants is read to its end and dropped, or the connection could not be used again. */
function streamOf(request: IncomingMessage, response: ServerResponse): ReadableStream<Uint8Array> {
  let isWanted = true
  let hasBegun = false
  const drop = () => {
    isWanted = false
    request.resume()
  }
  response.once('finish', drop)
  const begin = (controller: ReadableStreamDefaultController<Uint8Array>) => {
    request.on('data', (chunk: Uint8Array) => {
      if (!isWanted) return
      request.pause()
      controller.enqueue(chunk)
    })
    request.on('end', () => isWanted && controller.close())
    request.on('error', (error) => isWanted && controller.error(error))
  }
  return new ReadableStream(
    {
      pull(controller) {
        if (!hasBegun) begin(controller)
        hasBegun = true
        request.resume()
      },
      cancel: drop,
    },
    { highWaterMark: 0 },
  )
}
