/** How a suite reaches a server: one way of carrying texts both ways. WebSocket is the first; each other door adds one file. */
import { WebSocket } from 'ws'

/** How a connection ended. */
export interface WireEnd {
  /** The close code of the protocol; undefined where none was told. A door without close codes gives the code that its own sign stands for. */
  readonly code: number | undefined
  /** For readers: a reason, an HTTP status, an error of the network. */
  readonly words: string
}

export interface WireEvents {
  /** One text of the server: a frame, or a list of frames. */
  text(text: string): void
  /** Called once, after which nothing is told. */
  closed(end: WireEnd): void
}

export interface Wire {
  /** Whole and in order; dropped where the connection has ended. */
  send(text: string): void
  /** Absent where texts are all that can be sent. */
  sendBinary?(bytes: Uint8Array): void
  /** Ends it; `closed` follows. */
  close(): void
}

export interface Dialer {
  /** For reports, such as `WebSocket`. */
  readonly name: string
  /** Resolves when texts can be sent; rejects with an `Error` that says why not. */
  dial(to: WireEvents): Promise<Wire>
}

const noCode = 1005

/** Dials `ws:` and `wss:` addresses, from Node. */
export function webSocketDialer(url: string): Dialer {
  return {
    name: 'WebSocket',
    dial: (to) =>
      new Promise((resolve, reject) => {
        const socket = new WebSocket(url, { perMessageDeflate: false })
        const wire: Wire = {
          send: (text) => socket.send(text, () => {}),
          sendBinary: (bytes) => socket.send(bytes, { binary: true }, () => {}),
          close: () => socket.close(),
        }
        socket.on('open', () => resolve(wire))
        // Before `open` nobody listens for the end; afterwards a close follows.
        socket.on('error', (error) => reject(new Error(`${url} cannot be reached: ${error.message}`)))
        socket.on('message', (data) => to.text(String(data)))
        socket.on('close', (code, reason) => to.closed({ code: code === noCode ? undefined : code, words: String(reason) }))
      }),
  }
}
