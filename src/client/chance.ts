/**
 * Chance for local ids. ulidx draws one character at a time, and by itself one random byte per character from the system: 16 calls
 * that cost more than everything else in a send. Here bytes are drawn in blocks.
 */
const block = new Uint8Array(512)
let at = block.length

/** A number in [0, 1), cryptographically random, in steps of 1/256. */
export function drawnChance(): number {
  if (at === block.length) {
    crypto.getRandomValues(block)
    at = 0
  }
  return (block[at++] as number) / 256
}
