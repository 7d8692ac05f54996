/** Snapshots that show the same are the same object: what was made is remembered by what it was made from. */

/** Makes anew only where an input is another one than in the call before. */
export function remembered<Inputs extends readonly unknown[], Made>(make: (...inputs: Inputs) => Made): (...inputs: Inputs) => Made {
  let last: Inputs | undefined
  let made: Made
  return (...inputs) => {
    if (!last || inputs.some((input, i) => input !== last?.[i])) {
      made = make(...inputs)
      last = inputs
    }
    return made
  }
}

/** Makes once per key, for as long as the key lives. */
export function once<Key extends object, Made extends object>(make: (key: Key) => Made): (key: Key) => Made {
  const known = new WeakMap<Key, Made>()
  return (key) => {
    let made = known.get(key)
    if (!made) {
      made = make(key)
      known.set(key, made)
    }
    return made
  }
}

/** Makes anew at every call, and gives the one before while both show the same. */
export function steady<Inputs extends readonly unknown[], Made extends object>(
  make: (...inputs: Inputs) => Made,
): (...inputs: Inputs) => Made {
  let last: Made | undefined
  return (...inputs) => {
    const made = make(...inputs)
    last = kept(last ?? made, made)
    return last
  }
}

/** The old one where both show the same: lists by their elements, records by their fields. */
export function kept<T extends object>(old: T, next: T): T {
  if (Array.isArray(next)) {
    const list = old as typeof next
    return list.length === next.length && next.findLastIndex((each, i) => each !== list[i]) < 0 ? old : next
  }
  let fields = 0
  for (const key in next) {
    if (old[key] !== next[key]) return next
    fields += 1
  }
  for (const _ in old) fields -= 1
  return fields === 0 ? old : next
}
