/** What tests hand in, as it may be: a name or a value that is none would do nothing, and a test would pass for no reason. */

export interface Check {
  readonly holds: (value: unknown) => boolean
  /** What it must be. */
  readonly words: string
  /** It has no default. */
  readonly isNeeded?: boolean
}

/** By name, what each may be. */
export type Checks<Values extends object> = { readonly [Name in keyof Values]-?: Check }

const isNumber = (value: unknown) => typeof value === 'number' && !Number.isNaN(value)
const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> => typeof value === 'object' && value !== null

export const anything: Check = { holds: () => true, words: 'anything' }
export const flag: Check = { holds: (value) => typeof value === 'boolean', words: 'true or false' }
export const words: Check = { holds: (value) => typeof value === 'string', words: 'a text' }
export const share: Check = {
  holds: (value) => isNumber(value) && (value as number) >= 0 && (value as number) <= 1,
  words: 'a number from 0 to 1',
}
export const above0: Check = { holds: (value) => isNumber(value) && (value as number) > 0, words: 'a number above 0' }
export const picker: Check = { holds: (value) => typeof value === 'function', words: 'a function' }
export const clock: Check = {
  holds: (value) => isRecord(value) && typeof value.timer === 'function',
  words: 'a clock, such as virtualClock()',
}
export const oneOf = (...names: readonly string[]): Check => ({
  holds: (value) => names.includes(value as string),
  words: names.map((name) => JSON.stringify(name)).join(' or '),
})
export const whole = (least: number, most = Number.MAX_SAFE_INTEGER): Check => ({
  holds: (value) => Number.isSafeInteger(value) && (value as number) >= least && (value as number) <= most,
  words: `a whole number from ${least}${most < Number.MAX_SAFE_INTEGER ? ` to ${most}` : ' on'}`,
})
export const each = (one: Check): Check => ({
  holds: (value) => Array.isArray(value) && value.every(one.holds),
  words: `an array, each of it ${one.words}`,
})
export const transport: Check = {
  holds: (value) => isRecord(value) && typeof value.open === 'function',
  words: 'a transport, such as webSocketTransport(…)',
}

/** Throws `TypeError` for a value that cannot be. */
export function checkValue(call: string, name: string, value: unknown, { holds, words }: Check): void {
  if (!holds(value)) throw new TypeError(`${call} cannot begin: ${name} must be ${words}, and it is ${shown(value)}.`)
}

/** Throws `TypeError` for an option that is none, that is missing, or that it cannot be. */
export function checkOptions<Options extends object>(call: string, options: unknown, checks: Checks<Options>): void {
  const known = new Map<string, Check>(Object.entries(checks))
  const names = `Options: ${[...known.keys()].join(', ')}.`
  if (!isRecord(options))
    throw new TypeError(`${call} cannot begin: its options must be an object, and they are ${shown(options)}. ${names}`)
  for (const name of Object.keys(options))
    if (!known.has(name)) throw new TypeError(`${call} cannot begin: it has no option ${name}. ${names}`)
  for (const [name, check] of known) if (check.isNeeded || options[name] !== undefined) checkValue(call, name, options[name], check)
}

/** Throws `TypeError` for a fault that is none, or a value that it cannot have. */
export function checkFaults<Faults extends object>(faults: Faults, checks: Checks<Faults>): void {
  const known = new Map<string, Check>(Object.entries(checks))
  for (const [name, value] of Object.entries(faults)) {
    const check = known.get(name)
    if (!check) throw new TypeError(`No fault is set by ${name}. Names: ${[...known.keys()].join(', ')}.`)
    if (value !== undefined && !check.holds(value)) throw new TypeError(`${name} must be ${check.words}, and it is ${shown(value)}.`)
  }
}

export function shown(value: unknown): string {
  try {
    return (typeof value === 'object' ? JSON.stringify(value) : undefined) ?? String(value)
  } catch {
    return Object.prototype.toString.call(value)
  }
}
