/** What stands in frames: mostly what was heard on the wire before, in the same field, so that a lie is a likely one. */
import type { Chance } from '../../src/testing/world/chance.js'

export interface Words {
  text(key: string): string
  number(key: string): number
  json(key: string): unknown
  /** An object, such as a profile. */
  fields(): object
  /** Remembers what stands where in this frame. */
  learn(frame: unknown): void
}

const remembered = 12
const odd = [
  '語',
  '\u{1f600}',
  '\u0000',
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'unknown',
  'message',
  'c',
  'me',
  'ann',
  '-1',
  ' ',
]
const large = [0, 1, 255, 2 ** 31, 2 ** 32, 2 ** 40, 2 ** 53 - 2, 2 ** 53 - 1]
const near = [0, 0, 0, 1, 1, -1, 2, 3, -2, 50]

export function wordsOf(chance: Chance): Words {
  const heard = new Map<string, unknown[]>()
  const of = (key: string) => heard.get(key) ?? []

  const learn = (value: unknown, key = '', depth = 0): void => {
    if (Array.isArray(value)) {
      for (const item of value.slice(0, 4)) learn(item, key, depth + 1)
      return
    }
    if (typeof value === 'object' && value !== null) {
      if (depth < 5) for (const [name, item] of Object.entries(value)) learn(item, name, depth + 1)
      return
    }
    if (typeof value !== 'string' && typeof value !== 'number') return
    const known = of(key)
    if (known.includes(value)) return
    heard.set(key, known)
    known.push(value)
    if (known.length > remembered) known.shift()
  }

  const json = (depth: number): unknown => {
    const kind = chance.int(0, depth > 0 ? 7 : 4)
    if (kind === 0) return null
    if (kind === 1) return chance.hit(0.5)
    if (kind === 2) return words.number('')
    if (kind < 5) return chance.pick(odd)
    if (kind === 5) return Array.from({ length: chance.int(0, 3) }, () => json(depth - 1))
    return Object.fromEntries(
      Array.from({ length: chance.int(0, 3) }, (_, i) => [chance.hit(0.2) ? chance.pick(odd) : `k${i}`, json(depth - 1)]),
    )
  }

  const words: Words = {
    text(key) {
      const texts = of(key).filter((value) => typeof value === 'string')
      return texts.length > 0 && chance.hit(0.85) ? chance.pick(texts) : chance.pick(odd)
    },
    number(key) {
      const numbers = of(key).filter((value) => typeof value === 'number')
      if (chance.hit(0.06)) return chance.pick(large)
      if (numbers.length === 0 || chance.hit(0.15)) return chance.int(0, 8)
      const value = chance.pick(numbers) + chance.pick(near)
      return Math.min(Math.max(0, Math.trunc(value)), Number.MAX_SAFE_INTEGER)
    },
    json: () => json(3),
    fields: () => ({ name: chance.pick(odd), ...(json(2) as object | null) }),
    learn,
  }
  return words
}
