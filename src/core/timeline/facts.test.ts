/** The tags of the newest changes, as text. */
import { expect, it } from 'vitest'
import { newestTags } from './facts.js'

it.each([
  ['as they are, where there is room', 'a\nbb\nc', 6, 'a\nbb\nc'],
  ['without the one that has no room whole', 'a\nbb\nc', 5, 'bb\nc'],
  ['the last alone', 'a\nbb\nc', 2, 'c'],
])('are %s', (_, tags, chars, newest) => {
  expect(newestTags(tags, chars)).toBe(newest)
})
