/** The application's functions, run so that what one throws harms no other. */
export function guarded<Told>(run: (told: Told) => void, caught: (error: unknown) => void): (told: Told) => void {
  return (told) => {
    try {
      run(told)
    } catch (error) {
      caught(error)
    }
  }
}
