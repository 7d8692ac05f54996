/** The application's functions, run so that what one throws, or rejects with, harms no other. */
export function guarded<Told>(run: (told: Told) => unknown, caught: (error: unknown) => void): (told: Told) => void {
  return (told) => {
    try {
      // Some are async, whatever is done with what they return.
      ;(run(told) as Promise<unknown> | undefined)?.catch?.(caught)
    } catch (error) {
      caught(error)
    }
  }
}
