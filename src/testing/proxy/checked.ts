/** Faults as they may be: a name or a value that is none would put nothing in force, and a test would pass for no reason. */

export interface Check {
  readonly holds: (value: unknown) => boolean
  /** What it must be. */
  readonly words: string
}

const isNumber = (value: unknown) => typeof value === 'number' && !Number.isNaN(value)

export const flag: Check = { holds: (value) => typeof value === 'boolean', words: 'true or false' }
export const share: Check = {
  holds: (value) => isNumber(value) && (value as number) >= 0 && (value as number) <= 1,
  words: 'a number from 0 to 1',
}
export const above0: Check = { holds: (value) => isNumber(value) && (value as number) > 0, words: 'a number above 0' }
export const picker: Check = { holds: (value) => typeof value === 'function', words: 'a function' }
export const oneOf = (...names: readonly string[]): Check => ({
  holds: (value) => names.includes(value as string),
  words: names.map((name) => JSON.stringify(name)).join(' or '),
})

/** Throws `TypeError` for a fault that is none, or a value that it cannot have. */
export function checkFaults<Faults extends object>(faults: Faults, checks: { readonly [Name in keyof Faults]-?: Check }): void {
  const known = new Map<string, Check>(Object.entries(checks))
  for (const [name, value] of Object.entries(faults)) {
    const check = known.get(name)
    if (!check) throw new TypeError(`No fault is set by ${name}. Names: ${[...known.keys()].join(', ')}.`)
    if (value !== undefined && !check.holds(value)) throw new TypeError(`${name} must be ${check.words}, and it is ${String(value)}.`)
  }
}
