/** How a suite reaches a server: one way of carrying texts both ways. Each door of a server has a file of its own. */
/** How a connection ended. */
export interface WireEnd {
  /** The close code of the protocol; undefined where none was told. A door without close codes gives the code that its own sign stands for. */
  readonly code: number | undefined
  /** For readers: a reason, an HTTP status, an error of the network. */
  readonly words: string
  /** The code of the refusal, from a door that refuses a token before it lets a frame be said. */
  readonly refused?: string | undefined
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
  /** Of a door for server-sent events: where it is, for what `docs/protocol.md`, §16, promises of it alone. */
  readonly events?: string
  /** Resolves when texts can be sent, or when the door has refused the token; rejects with an `Error` that says why not. A door that leaves the token to `hello` ignores it here. */
  dial(to: WireEvents, token?: string): Promise<Wire>
}
