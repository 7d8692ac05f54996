/** Finds import cycles, type imports included. */
import { importsOf } from './imports.js'
import type { Source } from './source.js'

/** The shortest cycle through each file that is in one, as `a → b → a`, each once. */
export function importCycles(sources: readonly Source[]): string[] {
  const edges = new Map(sources.map((source) => [source.path, importsOf(source).map((one) => one.to)]))
  const cycles = [...edges.keys()].map((path) => shortestWayBack(path, edges)).filter((cycle) => cycle !== undefined)
  return [...new Set(cycles.map(named))].sort()
}

/** The files from `start` to one that imports it; undefined where there is no way back. */
function shortestWayBack(start: string, edges: ReadonlyMap<string, readonly string[]>): string[] | undefined {
  const seen = new Set([start])
  let trails = [[start]]
  while (trails.length > 0) {
    const longer: string[][] = []
    for (const trail of trails) {
      for (const next of edges.get(trail.at(-1) as string) ?? []) {
        if (next === start) return trail
        if (!seen.has(next)) longer.push([...trail, next])
        seen.add(next)
      }
    }
    trails = longer
  }
  return undefined
}

/** Begins a cycle at its alphabetically first member, so that it has one name. */
function named(cycle: readonly string[]): string {
  const first = cycle.indexOf([...cycle].sort()[0] as string)
  const turned = [...cycle.slice(first), ...cycle.slice(0, first)]
  return [...turned, turned[0]].join(' → ')
}
