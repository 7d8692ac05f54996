/** What a closed link asks of the session: try again, wait as told, fetch a fresh token first, or stop. */
export type CloseBand = 'retry' | 'retry-after' | 'refresh' | 'terminal'

/** WebSocket close codes in four bands of a hundred; an unknown code in a band acts as its band. */
export const closeCodes = {
  'going-away': 4000,
  'slow-consumer': 4001,
  'bad-frame': 4002,
  'hello-timeout': 4003,
  'server-error': 4004,
  drain: 4100,
  'rate-limited': 4101,
  overloaded: 4102,
  unauthorized: 4200,
  'token-expired': 4201,
  'wrong-user': 4300,
  forbidden: 4301,
  'unsupported-version': 4302,
  superseded: 4303,
  'logged-out': 4304,
} as const

export type CloseCode = keyof typeof closeCodes

const bands: readonly CloseBand[] = ['retry', 'retry-after', 'refresh', 'terminal']

/** Reads a WebSocket close code; whatever is not in 4000–4399 means `retry`. */
export function bandOf(code: number): CloseBand {
  return bands[Math.floor(code / 100) - 40] ?? 'retry'
}

/** The name of a WebSocket close code, or `network` for one that is not the protocol's. */
export function closeCodeName(code: number): CloseCode | 'network' {
  return (Object.keys(closeCodes) as CloseCode[]).find((name) => closeCodes[name] === code) ?? 'network'
}

/** The band of a code by its name, as `refused` carries it; one that is not the protocol's means `retry`. */
export function bandOfName(name: string): CloseBand {
  return bandOf(closeCodes[name as CloseCode])
}

/** Codes of `reject` and `failed`; an unknown one is final when the frame says `final`. */
export type ErrorCode =
  | 'out-of-order'
  | 'rate-limited'
  | 'unavailable'
  | 'not-found'
  | 'too-large'
  | 'bad-request'
  | 'unsupported'
  | 'forbidden'
