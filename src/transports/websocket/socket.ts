/**
 * One connection through reconnecting-websocket, used so that it never reconnects and never queues: one instance per open,
 * a plain URL, no retries, and nothing is sent that is not open. The session owns retry, backoff and liveness. The library's types stay in this file.
 */
import reconnectingWebSocket from 'reconnecting-websocket'

/** Any class of the WHATWG shape: the browser's, or the one of `ws`. */
export type WebSocketClass = new (url: string) => object

export interface SocketEvents {
  open(): void
  message(event: { readonly data: unknown }): void
  close(event: { readonly code: number }): void
  /** The class threw: the URL is not one, or the page may not open it. */
  impossible(error: unknown): void
}

export interface Socket {
  /** Drops what is sent while not open. */
  send(text: string): void
  close(code: number): void
}

interface Listenable {
  addEventListener<Type extends 'open' | 'message' | 'close'>(type: Type, run: SocketEvents[Type]): void
}

interface Options {
  readonly WebSocket: unknown
  readonly connectionTimeout: number
  readonly maxRetries: number
}

type Library = new (url: string, protocols: readonly string[], options: Options) => Socket & Listenable

// Its declarations fail under NodeNext, where the class is the module itself.
const ReconnectingWebSocket = reconnectingWebSocket as unknown as Library

export function openSocket(url: unknown, Native: WebSocketClass, connectTimeoutMs: number, to: SocketEvents): Socket {
  // Text for the library, which throws out of reach at anything else; the class below is made with the url itself.
  const socket = new ReconnectingWebSocket('', [], {
    WebSocket: guarded(Native, url, to.impossible),
    connectionTimeout: connectTimeoutMs,
    maxRetries: 0,
  })
  socket.addEventListener('open', to.open)
  socket.addEventListener('message', to.message)
  socket.addEventListener('close', to.close)
  return socket
}

/** The library constructs inside a promise that nobody catches: what the class throws would end as an unhandled rejection. */
function guarded(Native: WebSocketClass, url: unknown, impossible: (error: unknown) => void): unknown {
  function Guarded(): object {
    try {
      const address = (url as Partial<URL> | undefined)?.href ?? url
      if (typeof address !== 'string') throw new TypeError(`${url} is no address.`)
      return new Native(address)
    } catch (error) {
      // Later, because the library is still about to start its timer, which our `close` must clear.
      queueMicrotask(() => impossible(error))
      return Object.assign(new EventTarget(), { readyState: 3 })
    }
  }
  Guarded.CLOSING = 2
  return Guarded
}
