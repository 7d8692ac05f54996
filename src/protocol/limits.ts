/** Sizes every peer keeps (R32, R34). `welcome.limits` may only lower them. Single constants: a bundle holds the numbers alone. */

/** A text frame from a client, in UTF-8 bytes. */
export const clientFrameBytes = 64 * 1024
/** A text frame from a server, in UTF-8 bytes. */
export const serverFrameBytes = 512 * 1024
/** One message's content as JSON, in UTF-8 bytes. */
export const contentBytes = 32 * 1024
/** Messages in one page or catch-up answer. */
export const pageRows = 100
/** Levels of nesting of a whole text frame. */
export const jsonDepth = 32
/** Levels of nesting of one message's content or a profile, so that every frame that carries it keeps `jsonDepth`. */
export const contentDepth = 24
export const arrayItems = 1_000
/** Keys of one JSON object. */
export const objectKeys = 1_000
/** Characters of a conversation, user, device, lane, epoch, tag, message or local id. */
export const idChars = 128
/** Characters of an inbox cursor. */
export const cursorChars = 1_024
/** Conversations one link may follow. */
export const followed = 50
/** Operations in flight per conversation, where a round trip is long. */
export const window = 32
