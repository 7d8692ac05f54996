/** A token bucket per link. Below empty it refuses; as far below as it is deep, the link is cut. */

export interface RateLimit {
  /** Frames a second in the long run. */
  readonly perSecond: number
  /** Frames at once. */
  readonly burst: number
}

export interface Bucket {
  spent: number
  at: number
}

export function newBucket(now: number): Bucket {
  return { spent: 0, at: now }
}

export type Verdict = { readonly kind: 'pass' } | { readonly kind: 'refuse'; readonly retryAfterMs: number } | { readonly kind: 'cut' }

const pass: Verdict = { kind: 'pass' }

export function take(bucket: Bucket, limit: RateLimit, now: number): Verdict {
  const refilled = (Math.max(0, now - bucket.at) * limit.perSecond) / 1_000
  bucket.spent = Math.max(0, bucket.spent - refilled) + 1
  bucket.at = now
  if (bucket.spent <= limit.burst) return pass
  if (bucket.spent > 2 * limit.burst) return { kind: 'cut' }
  return { kind: 'refuse', retryAfterMs: Math.ceil(((bucket.spent + 1 - limit.burst) * 1_000) / limit.perSecond) }
}
