/** One key of two names, that no other two names share. */
export function keyOf(first: string, second: string): string {
  return `${first.length}:${first}${second}`
}
