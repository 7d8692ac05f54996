/** Finds import cycles, type imports included. */
import { importsOf } from './imports.js'
import type { Source } from './source.js'

/** Each cycle once, as `a → b → a`. */
export function importCycles(sources: readonly Source[]): string[] {
  const edges = new Map(sources.map((source) => [source.path, importsOf(source).map((one) => one.to)]))
  const cycles = new Set<string>()
  const done = new Set<string>()
  const walk = (path: string, trail: readonly string[]): void => {
    const at = trail.indexOf(path)
    if (at >= 0) cycles.add(named(trail.slice(at)))
    if (at >= 0 || done.has(path)) return
    for (const next of edges.get(path) ?? []) walk(next, [...trail, path])
    done.add(path)
  }
  for (const path of edges.keys()) walk(path, [])
  return [...cycles].sort()
}

/** Begins a cycle at its alphabetically first member, so that it has one name. */
function named(cycle: readonly string[]): string {
  const first = cycle.indexOf([...cycle].sort()[0] as string)
  const turned = [...cycle.slice(first), ...cycle.slice(0, first)]
  return [...turned, turned[0]].join(' → ')
}
