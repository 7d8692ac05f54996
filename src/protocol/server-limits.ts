/** Sizes that only a server keeps. */
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
