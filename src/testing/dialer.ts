/** How a suite reaches a server: one way of carrying texts both ways. Each door of a server has a file of its own. */
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
