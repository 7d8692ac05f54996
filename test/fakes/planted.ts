/** No bug is planted unless a test says so, and none is left for the next. */
import { afterEach } from 'vitest'

globalThis.planted = {}
afterEach(() => {
  globalThis.planted = {}
})
