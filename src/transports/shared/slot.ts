/** Room for one thing that must be ended: a timer, a lock, a place in its queue. */

/** Ends what is there, and holds what `begin` begins, if anything; that gives back how it is ended. */
export function createSlot() {
  let end: (() => void) | undefined
  return (begin?: () => () => void) => {
    end?.()
    end = begin?.()
  }
}
