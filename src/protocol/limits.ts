/** Sizes every peer keeps (R32, R34). `welcome.limits` may only lower them. */
export const limits = {
  /** A text frame from a client, in UTF-8 bytes. */
  clientFrameBytes: 64 * 1024,
  /** A text frame from a server, in UTF-8 bytes. */
  serverFrameBytes: 512 * 1024,
  /** One message's content as JSON, in UTF-8 bytes. */
  contentBytes: 32 * 1024,
  /** Messages in one page or catch-up answer. */
  pageRows: 100,
  /** Levels of nesting of a whole text frame. */
  jsonDepth: 32,
  /** Levels of nesting of one message's content or a profile, so that every frame that carries it keeps `jsonDepth`. */
  contentDepth: 24,
  arrayItems: 1_000,
  /** Keys of one JSON object. */
  objectKeys: 1_000,
  /** Characters of a conversation, user, device, lane, epoch, tag, message or local id. */
  idChars: 128,
  /** Characters of an inbox cursor. */
  cursorChars: 1_024,
  /** Conversations one link may follow. */
  followed: 50,
  /** Operations in flight per conversation, where a round trip is long. */
  window: 32,
} as const

/** Those that only a server keeps. */
export const serverLimits = {
  /** The first frame of a link, in UTF-8 bytes. */
  helloBytes: 8_192,
  /** A conversation's or a person's profile as JSON, in UTF-8 bytes. */
  profileBytes: 4_096,
  /** A page or a catch-up answer ends at this many bytes of rows and says `more`. */
  pageBytes: 262_144,
  /** The same over a WebSocket. */
  socketWindow: 8,
  /** Characters of a token in `hello`. */
  tokenChars: 7_000,
  /** Members named in `opened`; above it `memberCount` alone tells. */
  members: 256,
} as const
