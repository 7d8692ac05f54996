/**
 * What happened in a world: a hash of everything, the lines themselves where somebody wants to read them, how often each
 * fault fired, and the first invariant that was broken.
 */
import type { FaultName } from './faults.js'
import type { InvariantName } from './invariants.js'

export interface Breach {
  readonly invariant: InvariantName
  readonly what: string
}

export interface Journal {
  /** One line of the trace. */
  note(line: string): void
  fired(fault: FaultName, times?: number): void
  /** An invariant is broken; the first one stands. */
  broken(invariant: InvariantName, what: string): void
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
    fired: (fault, times = 1) => void (times && counts.set(fault, (counts.get(fault) ?? 0) + times)),
    broken(invariant, what) {
      first ??= { invariant, what }
    },
    breach: () => first,
    hash: () => (hash >>> 0).toString(16).padStart(8, '0'),
    lines,
    counts,
  }
}
