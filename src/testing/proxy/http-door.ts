/** HTTP through a frame proxy: the body of a POST is a text, and so is each event of an event stream. */
import type { ClientRequest, IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import type { Direction } from './control.js'
import { createBlockReader, writeBlock } from './event-blocks.js'
import { type DoorParts, isPortal, passedOn, portalPage } from './link-ends.js'
import { createTextLane } from './text-lane.js'

export function httpDoor({ request: ask }: typeof import('node:http'), parts: DoorParts): RequestListener {
  const { control, ends, far } = parts
  const up = createTextLane(control, 'up', 'http')

  /** Asks the server. */
  function forward(request: IncomingMessage, body: string | undefined, answered: (answer: IncomingMessage) => void, failed = () => {}) {
    const { method, url } = request
    const asked = ask({ ...far(), method, path: url, headers: passedOn(request.headers), agent: false }, answered)
    asked.on('error', failed)
    return asked.end(body)
  }

  /** Nobody waits for the answer, and it outlives the exchange it is a copy of. */
  function sendCopy(request: IncomingMessage, body: string | undefined) {
    const copy = forward(request, body, (answer) => answer.resume())
    const end = () => copy.destroy()
    ends.add(end)
    copy.on('close', () => ends.delete(end))
  }

  return async (request, response) => {
    if (isPortal(control.faults(), 'http')) {
      control.count('portal')
      response.writeHead(200, { 'content-type': 'text/html', connection: 'close' }).end(portalPage)
      return
    }
    let asked: ClientRequest | undefined
    const breakOff = () => response.destroy()
    ends.add(breakOff)
    response.on('close', () => {
      ends.delete(breakOff)
      asked?.destroy()
      // A POST held back has nobody left to answer.
      up.end()
    })
    const body = await bodyOf(request)
    const send = (text: string | undefined) => {
      if (asked) sendCopy(request, text)
      else if (!response.destroyed) asked = forward(request, text, (answer) => give(parts, answer, response), breakOff)
    }
    if (request.method === 'POST' && body) up.pass(body, send, breakOff)
    else send(body)
  }
}

async function bodyOf(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = []
  // A client that goes away in the middle has nothing to be answered.
  try {
    for await (const chunk of request) chunks.push(chunk)
  } catch {
    return undefined
  }
  return chunks.length > 0 ? Buffer.concat(chunks).toString() : undefined
}

/** Gives the server's answer to the client. */
function give({ control, injects }: DoorParts, answer: IncomingMessage, response: ServerResponse): void {
  const write = writerTo(response, answer, control.faults().bufferBytes, () => control.count('buffer'))
  answer.on('error', () => response.destroy())
  if (!answer.headers['content-type']?.startsWith('text/event-stream')) {
    answer.on('data', write)
    answer.on('end', () => write(undefined))
    return
  }
  const down = createTextLane(control, 'down', 'http')
  const inject = (text: string, direction: Direction) => {
    if (direction === 'down') write(writeBlock({ head: [], text }))
    return direction === 'down'
  }
  injects.add(inject)
  response.on('close', () => {
    injects.delete(inject)
    down.end()
  })
  const read = createBlockReader((block) => {
    if (block.text === undefined) write(writeBlock(block))
    else down.pass(block.text, (text) => write(writeBlock({ ...block, text })))
  })
  answer.on('data', read)
  answer.on('end', () => {
    down.end()
    write(undefined)
  })
}

/** Writes an answer, held back while it is buffered; undefined ends it. */
function writerTo(response: ServerResponse, answer: IncomingMessage, bufferBytes: number | undefined, count: () => void) {
  const held: Buffer[] = []
  let heldBytes = 0
  const begin = () => {
    if (!response.headersSent) response.writeHead(answer.statusCode ?? 502, passedOn(answer.headers))
    if (held.length > 0) response.write(Buffer.concat(held.splice(0)))
    heldBytes = 0
  }
  if (bufferBytes === undefined) {
    begin()
    response.flushHeaders()
  } else count()
  return (chunk: Buffer | string | undefined) => {
    if (response.destroyed) return
    if (chunk !== undefined) {
      heldBytes += held[held.push(Buffer.from(chunk)) - 1]?.length ?? 0
    }
    if (chunk === undefined || heldBytes >= (bufferBytes ?? 0)) begin()
    if (chunk === undefined) response.end()
  }
}
