/**
 * What happened in a world: a hash of everything, the lines themselves where somebody wants to read them, how often each
 * fault fired, and the first law that was broken.
 */
export const faultNames = [
  'frame dropped',
  'frame doubled',
  'frame overtaken',
  'frame held back',
  'frame lost in a dead link',
  'frame arrived after its link was given up',
  'link cut',
  'link silent',
  'link not opened',
  'hello refused',
  'operation refused for good',
  'server killed before a commit',
  'server killed after a commit',
  'server killed at rest',
  'store write failed',
  'store read failed',
  'store restored under a new epoch',
  'store restored under the same epoch',
  'store restored while links live',
  'server drained',
  'answer begun too late',
  'answer with an old row',
  'tab killed',
  'browser killed',
  'disk lost resolved commits',
  'disk landed a commit in a crash',
  'disk commit failed',
  'disk full',
  'disk stalled',
  'two tabs on one disk',
  'lane adopted',
  'logout',
] as const

export type FaultName = (typeof faultNames)[number]

export interface Breach {
  readonly law: string
  readonly what: string
}

export interface Journal {
  /** One line of the trace. */
  note(line: string): void
  fired(fault: FaultName, times?: number): void
  /** A law is broken; the first one stands. */
  broken(law: string, what: string): void
  readonly breach: () => Breach | null
  readonly hash: () => string
  readonly lines: readonly string[]
  readonly counts: ReadonlyMap<FaultName, number>
}

export function journal(keepLines: boolean): Journal {
  const lines: string[] = []
  const counts = new Map<FaultName, number>()
  let hash = 0x811c9dc5
  let first: Breach | null = null
  return {
    note(line) {
      for (let i = 0; i < line.length; i++) hash = Math.imul(hash ^ line.charCodeAt(i), 0x01000193)
      if (keepLines) lines.push(line)
    },
    fired: (fault, times = 1) => void counts.set(fault, (counts.get(fault) ?? 0) + times),
    broken(law, what) {
      first ??= { law, what }
    },
    breach: () => first,
    hash: () => (hash >>> 0).toString(16).padStart(8, '0'),
    lines,
    counts,
  }
}
