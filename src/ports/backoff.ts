/** How long to wait before the next try, wherever something is opened again. */
const firstMs = 500
export const backoffCapMs = 30_000
/** A server's hint is followed up to here. */
const longestHintMs = 3_600_000

/** Full jitter over a doubling cap; a hint is a floor. Default first cap 0.5 s, last 30 s. */
export function waitMs(attempt: number, roll: number, hintMs = 0): number {
  const cap = Math.min(backoffCapMs, firstMs * 2 ** attempt)
  return planted.hasty ? 20 : Math.max(0, Math.min(hintMs, longestHintMs)) + (planted.steadyBackoff ? 1 : roll) * cap
}
