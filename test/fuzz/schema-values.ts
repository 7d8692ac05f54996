/** Values that a schema accepts, drawn by walking its definition, so that a field added to the wire is drawn without a word here. */
import type { z } from 'zod'
import type { Chance } from '../../src/testing/world/chance.js'
import type { Words } from './words.js'

/** What is read of a schema's definition. */
interface Def {
  readonly type: string
  readonly shape?: Readonly<Record<string, z.ZodType>>
  readonly element?: z.ZodType
  readonly options?: readonly z.ZodType[]
  readonly values?: readonly unknown[]
  readonly innerType?: z.ZodType
  readonly in?: z.ZodType
}

export const defOf = (schema: z.ZodType): Def => (schema as unknown as { readonly def: Def }).def

/** `key`: the field it stands in, which decides what is likely there. */
export function drawn(schema: z.ZodType, chance: Chance, words: Words, key = ''): unknown {
  const def = defOf(schema)
  const draw = (inner: z.ZodType | undefined, of = key) => drawn(inner as z.ZodType, chance, words, of)
  switch (def.type) {
    case 'object':
      return fieldsOf(def, chance, (name, inner) => draw(inner, name))
    case 'array':
      return listOf(chance, () => draw(def.element))
    case 'union':
      return draw(chance.pick(def.options ?? []))
    case 'literal':
      return chance.pick(def.values ?? [])
    case 'optional':
      return draw(def.innerType)
    case 'pipe':
      return draw(def.in)
    case 'boolean':
      return chance.hit(0.5)
    case 'number':
      return words.number(key)
    case 'string':
      return textOf(schema, chance, words, key)
    case 'custom':
      return words.fields()
    case 'unknown':
      return words.json(key)
    default:
      throw new Error(`Nothing is known here of a schema of type ${def.type}.`)
  }
}

function fieldsOf({ shape = {} }: Def, chance: Chance, draw: (name: string, schema: z.ZodType) => unknown): object {
  const made: Record<string, unknown> = {}
  for (const [name, schema] of Object.entries(shape)) {
    if (defOf(schema).type !== 'optional' || chance.hit(0.5)) made[name] = draw(name, schema)
  }
  return made
}

/** Rows often follow each other, as a server's do: what is out of order is refused early. */
function listOf(chance: Chance, draw: () => unknown): unknown[] {
  const length = chance.hit(0.01) ? chance.int(50, 120) : chance.int(0, 3)
  const items = Array.from({ length }, draw)
  const [first] = items as { seq?: unknown; index?: unknown; rev?: unknown }[]
  if (typeof first?.seq !== 'number' || first.seq > 2 ** 52 || chance.hit(0.3)) return items
  const { seq, index } = first as { seq: number; index?: number }
  return items.map((item, i) => ({
    ...(item as object),
    seq: seq + i,
    ...(index === undefined ? {} : { index: Math.min(index, 2 ** 52) + i, rev: seq + i }),
  }))
}

/** How long a text may be, the schema is asked itself: a limit is a function to it. */
const lengths = [7_000, 1_024, 128, 1]
const longest = new WeakMap<z.ZodType, number>()

function textOf(schema: z.ZodType, chance: Chance, words: Words, key: string): string {
  const fits = (text: string) => schema.safeParse(text).success
  const max = longest.get(schema) ?? lengths.find((length) => fits('x'.repeat(length))) ?? 0
  longest.set(schema, max)
  const unit = chance.hit(0.5) ? 'x' : '\u{1f600}'
  if (chance.hit(0.02)) return unit.repeat(max / unit.length)
  const word = words.text(key).slice(0, max)
  return word !== '' || fits(word) ? word : 'x'
}
