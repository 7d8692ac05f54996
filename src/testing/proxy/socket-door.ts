/** WebSockets through a frame proxy: one to the client, one to the server, and a lane of texts each way between them. */
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { WebSocket } from 'ws'
import type { Direction } from './control.js'
import { type DoorParts, isPortal, passedOn, portalPage } from './link-ends.js'
import { createTextLane, type TextLane } from './text-lane.js'

/** Unsent bytes of one side above which nothing more is read from the other. */
const mostWaiting = 1024 * 1024
/** Close codes that say that there was none: they may not be sent. */
const noCode = 1005
const broken = 1006

export function socketDoor({ WebSocket, WebSocketServer }: typeof import('ws'), parts: DoorParts) {
  const { control, ends, far } = parts
  const server = new WebSocketServer({ noServer: true, perMessageDeflate: false, clientTracking: false })

  return (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
    socket.on('error', () => {})
    if (isPortal(control.faults(), 'websocket')) {
      control.count('portal')
      socket.end(answer('200 OK', portalPage))
      return
    }
    const { host, port } = far()
    const protocols = request.headers['sec-websocket-protocol']?.split(/, ?/) ?? []
    const onward = new WebSocket(`ws://${host}:${port}${request.url}`, protocols, {
      headers: passedOn(request.headers),
      perMessageDeflate: false,
    })
    const breakOff = () => {
      onward.terminate()
      socket.destroy()
    }
    ends.add(breakOff)
    socket.once('close', breakOff)
    onward.on('error', breakOff)
    onward.on('unexpected-response', (_, { statusCode, statusMessage }) => {
      socket.end(answer(`${statusCode} ${statusMessage}`, ''))
      onward.terminate()
    })
    onward.on('close', () => ends.delete(breakOff))
    onward.once('open', () => {
      socket.off('close', breakOff)
      onward.off('error', breakOff)
      ends.delete(breakOff)
      server.handleUpgrade(request, socket, head, (near) => link(parts, near, onward))
    })
  }
}

function link({ control, ends, injects }: DoorParts, near: WebSocket, far: WebSocket): void {
  const lanes = { up: createTextLane(control, 'up', 'websocket'), down: createTextLane(control, 'down', 'websocket') }
  const inject = (text: string, direction: Direction) => {
    ;(direction === 'up' ? far : near).send(text)
    return true
  }
  const end = () => {
    ends.delete(end)
    injects.delete(inject)
    for (const socket of [near, far]) socket.terminate()
  }
  ends.add(end)
  injects.add(inject)
  carry(near, far, lanes.up, end)
  carry(far, near, lanes.down, end)
}

function carry(from: WebSocket, to: WebSocket, lane: TextLane, end: () => void): void {
  const send = (data: string | Buffer, binary: boolean) => {
    to.send(data, { binary }, () => from.isPaused && from.resume())
    if (to.bufferedAmount > mostWaiting) from.pause()
  }
  from.on('error', () => {})
  from.on('message', (data: Buffer, isBinary) => {
    if (isBinary) send(data, true)
    else lane.pass(String(data), (text) => send(text, false))
  })
  from.on('close', (code, reason) => {
    lane.end()
    if (code === broken) return end()
    if (code === noCode) to.close()
    else to.close(code, String(reason))
    if (to.readyState === to.CLOSED) end()
  })
}

function answer(status: string, html: string): string {
  const length = new TextEncoder().encode(html).length
  return `HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Type: text/html\r\nContent-Length: ${length}\r\n\r\n${html}`
}
