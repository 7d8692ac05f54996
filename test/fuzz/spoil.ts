/** Turns right frames into wrong ones, and texts into what no JSON is. Works in place on what is handed in. */
import type { Chance } from '../../src/testing/world/chance.js'

type Slot = readonly [container: Record<string, unknown>, key: string]

const keys = [
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'hasOwnProperty',
  'length',
  'then',
  '0',
  '',
  '\ud800',
  'type',
  'kind',
  'raw',
  'later',
]
/** Written as themselves once the frame is text: neither can be had by way of an object. */
const marks: Readonly<Record<string, string>> = {
  '@deep@': `${'['.repeat(40)}1${']'.repeat(40)}`,
  '@deeper@': `${'{"a":'.repeat(3_000)}1${'}'.repeat(3_000)}`,
  '@wide@': `[${'0,'.repeat(1_000)}0]`,
  '@keys@': `{${Array.from({ length: 1_001 }, (_, i) => `"k${i}":0`)}}`,
  '@infinite@': '1e999',
  '@digits@': '9'.repeat(400),
  '@nan@': 'NaN',
}
const marked = new RegExp(`"(${Object.keys(marks).join('|')})"`, 'g')

const hostile: readonly (() => unknown)[] = [
  () => null,
  () => true,
  () => false,
  () => -1,
  () => -0,
  () => 0.5,
  () => 2 ** 53,
  () => 1e308,
  () => Number.MIN_VALUE,
  () => '',
  () => '1',
  () => '\ud800',
  () => 'x\udc00y',
  () => '\udc00\ud800',
  () => 'x'.repeat(129),
  () => '\u{1f600}'.repeat(100),
  () => 'x'.repeat(1_025),
  () => [],
  () => ({}),
  () => [null],
  () => [[]],
  () => ({ length: 2 ** 53 }),
  () => ({ length: { valueOf: 1, toString: 1 } }),
  () => ({ kind: 'unknown' }),
  () => ({ kind: 'later', more: 1 }),
  () => ({ type: 'unknown' }),
  () => own({ toJSON: 1, valueOf: 1 }, 'then', 1),
  () => own({}, '__proto__', { polluted: true }),
  () => own({}, 'constructor', own({}, 'prototype', { polluted: true })),
  () => '@deep@',
  () => '@wide@',
  () => '@infinite@',
]
/** Costly, so rare. */
const heavy = ['@deeper@', '@keys@', '@digits@', '@nan@', 'y'.repeat(40_000)]

/** Also where the key is `__proto__`. */
function own(to: object, key: string, value: unknown): object {
  return Object.defineProperty(to, key, { value, enumerable: true, writable: true, configurable: true })
}

export function spoiled(frame: unknown, chance: Chance): unknown {
  const root = { frame }
  for (let times = chance.hit(0.7) ? 1 : chance.int(2, 4); times > 0; times--) spoilOnce(slotIn(root, chance), chance)
  return root.frame
}

/** Somewhere inside, the deeper the rarer. */
function slotIn(root: { frame: unknown }, chance: Chance): Slot {
  let slot: Slot = [root, 'frame']
  for (;;) {
    const inside = slot[0][slot[1]]
    const names = typeof inside === 'object' && inside !== null ? Object.keys(inside) : []
    if (names.length === 0 || (slot[0] !== root && chance.hit(0.35))) return slot
    slot = [inside as Record<string, unknown>, chance.pick(names)]
  }
}

const isPlain = (value: unknown): value is object => typeof value === 'object' && value !== null && !Array.isArray(value)

function spoilOnce([container, key]: Slot, chance: Chance): void {
  const value = container[key]
  const put = (changed: unknown) => own(container, key, changed)
  const how = chance.int(0, 9)
  if (how < 3) put(chance.pick(hostile)())
  else if (how === 3) delete container[key]
  else if (how === 4) own(isPlain(value) ? value : isPlain(container) ? container : {}, chance.pick(keys), chance.pick(hostile)())
  else if (how === 5) put(chance.hit(0.5) ? [value] : { type: 'unknown', kind: 'unknown', raw: value })
  else if (how === 6)
    put(typeof value === 'number' ? value + chance.pick([1, -1, 0.5, 1e6, 2 ** 53]) : `${chance.pick(keys)}${typeof value}`)
  else if (how === 7 && Array.isArray(value)) value.push(...value, ...value)
  else if (how === 7) put(container[chance.pick(Object.keys(container))])
  else if (how === 8 && Array.isArray(value)) value.reverse()
  else put(chance.hit(0.02) ? chance.pick(heavy) : chance.pick(hostile)())
}

export function written(value: unknown): string {
  const text = JSON.stringify(value) ?? 'undefined'
  return text.includes('@') ? text.replace(marked, (_, mark: string) => marks[mark] as string) : text
}

/** The text with something done to its characters. */
export function torn(text: string, chance: Chance): string {
  const at = chance.int(0, text.length)
  const to = Math.min(text.length, at + chance.int(0, 12))
  switch (chance.int(0, 7)) {
    case 0:
      return text.slice(0, at)
    case 1:
      return text.slice(at)
    case 2:
      return text.slice(0, at) + text.slice(to)
    case 3:
      return text.slice(0, to) + text.slice(at)
    case 4:
      return `\ufeff${text}`
    case 5:
      return `${text},${text}`
    case 6:
      return (
        text.slice(0, at) +
        chance.pick(['"', '{', '}', '[', ']', ',', ':', '\\', '\u0000', '\ud800', '\\ud800', '1e999', 'null', '/*']) +
        text.slice(to)
      )
    default:
      return `[[${text}]]`
  }
}

/** No frame at all. */
export function raw(chance: Chance): string {
  const length = chance.int(0, 60)
  if (chance.hit(0.3)) return Array.from({ length }, () => chance.pick([...'{}[]",:\\0123456789.eE+-truefalsn u'])).join('')
  if (chance.hit(0.3)) return Array.from({ length }, () => String.fromCharCode(chance.int(0, 0xffff))).join('')
  return Buffer.from(Array.from({ length }, () => chance.int(0, 255))).toString(chance.hit(0.5) ? 'utf8' : 'latin1')
}
