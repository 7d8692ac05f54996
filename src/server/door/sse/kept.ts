/** The last events of a link, for a stream that goes on where another broke: bounded, and let go of as the client says what has come. */

export interface Kept {
  /** The number of the last event. */
  last: number
  /** The texts of the events up to `last`, without a hole. */
  readonly texts: string[]
  chars: number
}

/** About 256 KiB; what is older is given up. */
const keptChars = 256 * 1024

export const nothingKept = (): Kept => ({ last: 0, texts: [], chars: 0 })

/** Numbers one event. */
export function keep(kept: Kept, text: string): number {
  kept.texts.push(text)
  kept.chars += text.length
  while (kept.chars > keptChars) drop(kept)
  kept.last += 1
  return kept.last
}

/** All up to `n` have come. */
export function letGo(kept: Kept, n: number): void {
  while (kept.texts.length > Math.max(0, kept.last - n)) drop(kept)
}

/** The texts after `n`; undefined: not all of them are kept, or there never were as many as `n`. */
export function after(kept: Kept, n: number): readonly string[] | undefined {
  const missing = kept.last - n
  if (!(missing >= 0 && missing <= kept.texts.length)) return undefined
  return kept.texts.slice(kept.texts.length - missing)
}

function drop(kept: Kept): void {
  kept.chars -= kept.texts.shift()?.length ?? 0
}
