/** Time and chance, handed in so that the core stays pure and tests own them. */
export interface Clock {
  /** Milliseconds that only rise; no meaning but differences. */
  now(): number
  /** Milliseconds since 1970 by the device's clock: shown, never an order. */
  wall(): number
  /** A number in [0, 1). */
  roll(): number
  /** Runs `run` once, not before `atMs` of `now()`; returns its cancellation. */
  timer(atMs: number, run: () => void): () => void
}
