/** How long a text is on a wire. */
const encoder = new TextEncoder()

/** UTF-8 bytes. Node counts them without a copy; a page, where a hub stands in memory for tests, has no Buffer. */
export const byteLength: (text: string) => number =
  typeof Buffer === 'undefined' ? (text) => encoder.encode(text).length : Buffer.byteLength
