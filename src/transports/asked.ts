/** What a transport asks its application for at every open: a value, or a function that gives it. */

export async function ask<T>(source: T | (() => T | Promise<T>)): Promise<T> {
  return typeof source === 'function' ? (source as () => T | Promise<T>)() : source
}

/** For `reason` of a closed link. */
export function sentenceOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
