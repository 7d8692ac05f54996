/**
 * Owns one scope's rows on a disk that power may leave: what is on disk, what the engine shows, and the commits between.
 * A strict commit takes everything before it to the disk; a crash keeps the disk and a beginning of the rest.
 */
import type { CommitOptions, Write } from '../ports/storage.js'
import { commitRows } from '../storage/memory/commit-rows.js'
import { type OrderedRows, orderedRows } from '../storage/memory/ordered-rows.js'

export interface DiskCommit {
  readonly writes: readonly Write[]
  readonly options: CommitOptions
}

export interface CrashingDisk {
  durable: OrderedRows
  shown: OrderedRows
  tail: DiskCommit[]
}

/** So long a tail reaches the disk by itself. */
const tailLimit = 64

export const wholeDisk = { prefix: [] }

export const emptyDisk = (): CrashingDisk => ({ durable: orderedRows(), shown: orderedRows(), tail: [] })

/** Writes all or throws a `StorageError` and writes nothing. */
export function writeToDisk(disk: CrashingDisk, commit: DiskCommit): void {
  commitRows(disk.shown, commit.writes, commit.options.expect)
  disk.tail.push(commit)
  const kept = commit.options.durability === 'strict' ? 0 : tailLimit
  const flushed = Math.max(0, disk.tail.length - kept)
  for (const { writes } of disk.tail.splice(0, flushed)) commitRows(disk.durable, writes)
}

/** Power fails. Of the tail, then of the commits under way, a beginning survives; how long it is, `random` says. */
export function crashDisk(disk: CrashingDisk, underWay: readonly DiskCommit[], random: () => number): { lost: number; landed: number } {
  const survivors = Math.floor(random() * (disk.tail.length + underWay.length + 1))
  const lost = Math.max(0, disk.tail.length - survivors)
  const landing = underWay.slice(0, Math.max(0, survivors - disk.tail.length))
  for (const { writes } of disk.tail.slice(0, survivors)) commitRows(disk.durable, writes)
  const landed = landing.filter((commit) => lands(disk, commit)).length
  disk.tail = []
  disk.shown = orderedRows()
  for (const row of disk.durable.read(wholeDisk)) disk.shown.put(row)
  return { lost, landed }
}

function lands(disk: CrashingDisk, { writes, options }: DiskCommit): boolean {
  try {
    commitRows(disk.durable, writes, options.expect)
    return true
  } catch {
    // It conflicts or holds a bad key: without the crash it would have been rejected.
    return false
  }
}
