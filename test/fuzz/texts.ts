/** One text frame after another, from the schemas of one direction: right, nearly right, wrong, torn and no frame at all. */
import type { z } from 'zod'
import { type Chance, chanceOf } from '../../src/testing/world/chance.js'
import * as limits from '../../src/protocol/limits.js'
import { defOf, drawn } from './schema-values.js'
import { raw, spoiled, torn, written } from './spoil.js'
import { type Words, wordsOf } from './words.js'

export interface Texts {
  readonly chance: Chance
  readonly words: Words
  /** A frame that the schema accepts. */
  right(): object
  next(): string
  /** A text made of a frame that was really said. */
  like(frame: object): string
  /** The frame as it is, or spoiled. */
  written(frame: object): string
  /** How many were made. */
  readonly said: number
}

export function textsOf(seed: number, schema: z.ZodType): Texts {
  const chance = chanceOf(seed)
  const words = wordsOf(chance)
  const options = defOf(schema).options ?? []
  const right = () => drawn(chance.pick(options), chance, words) as object
  const one = () => (chance.hit(0.4) ? right() : spoiled(right(), chance))
  const many = () => Array.from({ length: chance.hit(0.002) ? limits.arrayItems + 1 : chance.int(2, 5) }, one)
  let said = 0
  const finish = (text: string) => (chance.hit(0.05) ? torn(text, chance) : text)
  return {
    get said() {
      return said
    },
    chance,
    words,
    right,
    next() {
      said += 1
      if (chance.hit(0.05)) return raw(chance)
      if (chance.hit(0.000_1)) return `${' '.repeat(limits.serverFrameBytes)}${written(one())}`
      return finish(written(chance.hit(0.08) ? many() : one()))
    },
    written(frame) {
      said += 1
      return finish(written(chance.hit(0.7) ? frame : spoiled(frame, chance)))
    },
    like(frame) {
      said += 1
      return finish(written(spoiled(JSON.parse(JSON.stringify(frame)), chance)))
    },
  }
}
