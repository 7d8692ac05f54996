/** The WebSocket door, from Node, of which nothing is loaded before somebody dials. */
import type { Dialer, Wire } from './dialer.js'

const noCode = 1005
/** From asking to an open socket, as for server-sent events. */
const openingMs = 10_000
/** A server that never answers a close may not keep the process. */
const closingMs = 1_000

/** Dials `ws:` and `wss:` addresses, from Node. */
export function webSocketDialer(url: string): Dialer {
  return {
    name: 'WebSocket',
    async dial(to) {
      const { WebSocket } = await import('ws')
      return new Promise((resolve, reject) => {
        const socket = new WebSocket(url, { perMessageDeflate: false, handshakeTimeout: openingMs })
        const wire: Wire = {
          send: (text) => socket.send(text, () => {}),
          sendBinary: (bytes) => socket.send(bytes, { binary: true }, () => {}),
          close() {
            socket.close()
            setTimeout(() => socket.terminate(), closingMs).unref()
          },
        }
        socket.on('open', () => resolve(wire))
        // Before `open` nobody listens for the end; afterwards a close follows.
        socket.on('error', (error) => reject(new Error(`${url} cannot be reached: ${error.message}`)))
        socket.on('message', (data) => to.text(String(data)))
        socket.on('close', (code, reason) => to.closed({ code: code === noCode ? undefined : code, words: String(reason) }))
      })
    },
  }
}
