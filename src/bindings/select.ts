/**
 * Picks a part of a value and keeps its reference as long as the part is equal, so that a change elsewhere is no change here.
 */
import type { Readable } from '../client/api.js'

/** Computes what a component shows of a value. Pure; may return a fresh array or object when `isEqual` compares it. */
export type Selector<T, Selected> = (value: T) => Selected

/** True: the two are the same to the one who shows them. Default `Object.is`. */
export type IsEqual<Selected> = (a: Selected, b: Selected) => boolean

/**
 * A `get` that selects. It runs the selector once per snapshot; `shown` is what stands on the screen from an earlier
 * selector and is kept where equal.
 */
export function selecting<T, Selected>(
  get: () => T,
  selector: Selector<T, Selected>,
  isEqual: IsEqual<Selected>,
  shown?: { readonly value: Selected },
): () => Selected {
  let last: { readonly from: T; readonly value: Selected } | undefined
  return () => {
    const from = get()
    if (last && Object.is(last.from, from)) return last.value
    const value = selector(from)
    const before = last ?? shown
    last = { from, value: before && isEqual(before.value, value) ? before.value : value }
    return last.value
  }
}

/** The same as a `Readable`: `run` hears only selections that differ. */
export function select<T, Selected>(
  source: Readable<T>,
  selector: Selector<T, Selected>,
  isEqual: IsEqual<Selected> = Object.is,
): Readable<Selected> {
  const get = selecting(source.get, selector, isEqual)
  const subscribe = (run: (value: Selected) => void): (() => void) => {
    let told: { readonly value: Selected } | undefined
    return source.subscribe(() => {
      const value = get()
      if (told && Object.is(told.value, value)) return
      told = { value }
      run(value)
    })
  }
  return { get, subscribe }
}

/** Shows a value as it is. */
export const whole = <T, Selected>(value: T): Selected => value as unknown as Selected
