/** What a run came to: how much was said, what was taken, and how long the slowest took. Asserted of it is that nothing broke and that no text took long. */
export interface Tally {
  texts: number
  accepted: number
  /** Frames inside of what was accepted. */
  frames: number
  lives: number
  /** Of one text, from its first character to the end of all that follows from it. */
  slowestMs: number
  /** The same at most in time of this process's processors, which other programs do not lengthen. */
  slowestCpuMs: number
  slowest: string
  /** The slowest of the present group, and when the group began, in processor time. */
  group: { readonly ms: number; readonly text: string }
  groupAtMs: number
}

export const newTally = (): Tally => ({
  texts: 0,
  accepted: 0,
  frames: 0,
  lives: 0,
  slowestMs: 0,
  slowestCpuMs: 0,
  slowest: '',
  group: { ms: 0, text: '' },
  groupAtMs: Infinity,
})

/** All that waits for no time has happened. */
export const quiet = () => new Promise<void>((resolve) => setImmediate(resolve))

export async function timed(tally: Tally, text: string, run: () => void): Promise<void> {
  const start = performance.now()
  run()
  await quiet()
  const ms = performance.now() - start
  tally.slowestMs = Math.max(tally.slowestMs, ms)
  if (ms <= tally.group.ms) return
  tally.group = { ms, text }
}

/** Ends a group of texts: none of them can have taken more of the processor than all of them together. */
export function endGroup(tally: Tally): void {
  const { user, system } = process.cpuUsage()
  const nowMs = (user + system) / 1_000
  const { ms, text } = tally.group
  const cpuMs = Math.min(ms, nowMs - tally.groupAtMs)
  tally.groupAtMs = nowMs
  tally.group = { ms: 0, text: '' }
  if (cpuMs <= tally.slowestCpuMs) return
  tally.slowestCpuMs = cpuMs
  tally.slowest = `${text.length} characters: ${text.slice(0, 200)}`
}

export function report(name: string, { texts, accepted, frames, lives, slowestMs, slowestCpuMs, slowest }: Tally, seconds: number): string {
  const rate = Math.round(texts / Math.max(seconds, 0.001))
  return `${name}: ${texts} texts, ${accepted} read, ${frames} frames in them, ${lives} lives, ${rate} texts/s
  slowest ${slowestMs.toFixed(1)} ms, by processor time at most ${slowestCpuMs.toFixed(1)} ms: ${slowest}`
}
