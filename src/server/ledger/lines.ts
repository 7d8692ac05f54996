/**
 * Which line of stamps this is. A file that is restored from a backup counts on from the backup, and a stamp that was told before may
 * mean something else then. So every life of a store that writes begins a line with a random name, and remembers where the ones before
 * ended: a stamp counts as long as its line got so far.
 */
import type { Line, Tables } from '../tables.js'

export interface Lines {
  /** Called in every transaction, before anything of the tenant is stamped. */
  begin(tenant: string, mint: () => string): void
  /** The name of the present line. */
  present(tenant: string): string
  /** Was this stamp given, and is it still what it was? */
  holds(tenant: string, name: string, stamp: number): boolean
  /** The transaction failed. */
  forget(): void
}

/** Of files that were written before there were lines; empty ones too. */
const unnamed: Line = { name: '', from: 0 }

export function createLines(tables: Tables): Lines {
  const known = new Map<string, readonly Line[]>()
  const begun = new Set<string>()
  function of(tenant: string): readonly Line[] {
    const lines = known.get(tenant) ?? [unnamed, ...tables.lines(tenant)]
    known.set(tenant, lines)
    return lines
  }
  return {
    begin(tenant, mint) {
      if (begun.has(tenant)) return
      const line = { name: mint(), from: tables.lastStamp(tenant) }
      tables.putLine(tenant, line)
      known.set(tenant, [...of(tenant), line])
      begun.add(tenant)
    },
    present: (tenant) => (of(tenant).at(-1) as Line).name,
    holds(tenant, name, stamp) {
      const lines = of(tenant)
      const at = lines.findLastIndex((line) => line.name === name)
      return at >= 0 && stamp <= (lines[at + 1]?.from ?? tables.lastStamp(tenant))
    },
    forget() {
      known.clear()
      begun.clear()
    },
  }
}
