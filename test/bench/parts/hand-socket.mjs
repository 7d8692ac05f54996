/**
 * A WebSocket client by hand, thin enough that thousands of them do not slow the one who measures: it upgrades, sends what it is
 * told and hands over the bytes that come, without reading their frames.
 */
import { once } from 'node:events'
import { connect } from 'node:net'

const upgrade = (path) =>
  `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
  'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n'

/** A client's text frame; masked with zeros, which leaves the bytes as they are. */
export function clientFrame(text) {
  const body = Buffer.from(text)
  const head = body.length < 126 ? Buffer.from([0x81, 0x80 | body.length]) : Buffer.from([0x81, 0xfe, body.length >> 8, body.length & 255])
  return Buffer.concat([head, Buffer.alloc(4), body])
}

/** Resolves when the server has switched protocols. `path` undefined: a bare TCP connection. */
export async function handSocket(port, path) {
  const socket = connect(port, '127.0.0.1').setNoDelay()
  await once(socket, 'connect')
  if (path !== undefined) {
    socket.write(upgrade(path))
    await once(socket, 'data')
  }
  return {
    send: (text) => socket.write(clientFrame(text)),
    onBytes: (run) => socket.on('data', run),
    /** Resolves when some bytes with this text in them have come. */
    heard: (text) =>
      new Promise((resolve) => {
        const look = (bytes) => {
          if (!bytes.includes(text)) return
          socket.off('data', look)
          resolve()
        }
        socket.on('data', look)
      }),
    end: () => socket.destroy(),
  }
}
