/** What is asked of the disk: reads, and commits under its generation. */
import type { Expectation, Key, KeyRange, Write } from '../../ports/storage.js'
import { nextNumber, type Turn } from '../turn.js'

export const generationKey: Key = ['g']

/** Reads ranges; returns the number under which their rows come. */
export function load(turn: Turn, ...ranges: readonly KeyRange[]): number {
  const ask = nextNumber(turn)
  turn.effects.push({ kind: 'load', ask, ranges })
  return ask
}

/** Writes all or nothing, whatever it is only while the disk is of this generation (R29); returns the number of the answer. */
export function commit(
  turn: Turn,
  durability: 'relaxed' | 'strict',
  writes: readonly Write[],
  cursors: readonly Expectation[] = [],
): number {
  const { phase, generation } = turn.disk
  const number = nextNumber(turn)
  const fence = { key: generationKey, version: phase === 'founding' ? null : generation }
  const expect = planted.expectIgnored && durability === 'relaxed' ? [] : [fence, ...cursors]
  turn.effects.push({ kind: 'commit', commit: number, writes, durability, expect })
  return number
}
