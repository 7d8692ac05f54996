/**
 * A token bucket per link. What is refused costs nothing of what may pass: whoever tries again as told gets all of the rate. It is counted
 * apart, forgotten as fast, and where it comes to a burst of its own, the link is cut.
 */

export interface RateLimit {
  /** Frames a second in the long run. */
  readonly perSecond: number
  /** Frames at once. */
  readonly burst: number
}

export interface Bucket {
  spent: number
  refused: number
  at: number
}

export function newBucket(now: number): Bucket {
  return { spent: 0, refused: 0, at: now }
}

export type Verdict = { readonly kind: 'pass' } | { readonly kind: 'refuse'; readonly retryAfterMs: number } | { readonly kind: 'cut' }

const pass: Verdict = { kind: 'pass' }

export function take(bucket: Bucket, { perSecond, burst }: RateLimit, now: number): Verdict {
  const refilled = (Math.max(0, now - bucket.at) * perSecond) / 1_000
  bucket.spent = Math.max(0, bucket.spent - refilled)
  bucket.refused = Math.max(0, bucket.refused - refilled)
  bucket.at = now
  if (bucket.spent + 1 <= burst) {
    bucket.spent += 1
    return pass
  }
  bucket.refused += 1
  if (bucket.refused > burst) return { kind: 'cut' }
  return { kind: 'refuse', retryAfterMs: Math.ceil(((bucket.spent + 1 - burst) * 1_000) / perSecond) }
}
