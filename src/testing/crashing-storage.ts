/**
 * Owns a disk that power may leave, for the simulated world. What holds (L1, L8):
 * - calls act in their order, one per turn of the scheduler; commits are whole;
 * - a resolved `strict` commit survives a crash, and so does everything before it;
 * - of resolved `relaxed` commits since then a crash may take any number from the end, never one from the middle;
 * - commits under way at the crash land or not, again never one without those before it.
 * All scopes of one disk fall together; each has its own tail. The same `random` gives the same story (L12).
 */
import type { Key, Row, Storage, StorageErrorCode, StorageEvents, StorageFactory, StorageScope } from '../ports/storage.js'
import { checkKey } from '../storage/memory/commit-rows.js'
import { scopeName } from '../storage/memory/index.js'
import { closedError, storageError } from '../storage/storage-error.js'
import { type CrashingDisk, crashDisk, type DiskCommit, emptyDisk, wholeDisk, writeToDisk } from './crashing-disk.js'

export interface CrashingStorageOptions {
  /** Runs one step of the disk's work later. Default a microtask. */
  readonly schedule?: (step: () => void) => void
  /** Told to the client. Default 4 MB. */
  readonly cacheBytes?: number
}

export interface CrashingStorage {
  /** Stays the same over crashes: handles it opens after one see what survived. */
  readonly factory: StorageFactory
  /** Power fails: promises of present handles never settle, those of their later calls neither. */
  crash(): void
  /** The next commit to be worked on writes nothing and rejects with `code`. */
  failNext(code: Exclude<StorageErrorCode, 'conflict' | 'closed'>): void
  /** Calls wait from now on, until `resume` or a crash. */
  stall(): void
  resume(): void
  /** The browser gives up everything stored; only while no handle is in use. */
  evict(): void
  /** Puts another value in the place of a row on the disk, under its version; false where there is no such row. */
  spoil(scope: StorageScope, key: Key, value: unknown): boolean
  /** The rows of a scope that no crash can take any more. */
  certain(scope: StorageScope): readonly Row[]
  /** What happened so far: resolved commits a crash took, commits that landed in one, failures that were asked for. */
  readonly counts: { readonly crashes: number; readonly lost: number; readonly landed: number; readonly failed: number }
}

interface Job {
  readonly disk: CrashingDisk
  /** Present for a commit: a crash may still land it. */
  readonly commit?: DiskCommit
  act(): void
}

/** What a handle needs of the machine it runs on. */
interface Machine {
  /** Rises with every crash. */
  life(): number
  enter(job: Job): void
  write(disk: CrashingDisk, commit: DiskCommit): void
  readonly cacheBytes: number
}

/** Storage on a disk that survives its crashes as far as durability promises, and fails when told. */
export function crashingStorage(random: () => number, options: CrashingStorageOptions = {}): CrashingStorage {
  const { schedule = queueMicrotask, cacheBytes = 4_000_000 } = options
  const disks = new Map<string, CrashingDisk>()
  const counts = { crashes: 0, lost: 0, landed: 0, failed: 0 }
  let queue: Job[] = []
  let failure: StorageErrorCode | undefined
  let stalled = false

  const diskOf = (scope: StorageScope) => {
    const name = scopeName(scope)
    const disk = disks.get(name) ?? emptyDisk()
    disks.set(name, disk)
    return disk
  }

  const step = () => {
    if (!stalled) queue.shift()?.act()
  }

  const machine: Machine = {
    life: () => counts.crashes,
    enter(job) {
      queue.push(job)
      schedule(step)
    },
    write(disk, commit) {
      if (!failure) return writeToDisk(disk, commit)
      const code = failure
      failure = undefined
      counts.failed++
      throw storageError(code, 'The rows were not written: this failure was asked for.')
    },
    cacheBytes,
  }

  return {
    factory: (scope, to) => openHandle(machine, diskOf(scope), to),
    crash() {
      const cut = queue
      queue = []
      failure = undefined
      stalled = false
      counts.crashes++
      for (const disk of disks.values()) {
        const underWay = cut.flatMap((job) => (job.disk === disk && job.commit ? [job.commit] : []))
        const { lost, landed } = crashDisk(disk, underWay, random)
        counts.lost += lost
        counts.landed += landed
      }
    },
    failNext(code) {
      failure = code
    },
    stall() {
      stalled = true
    },
    resume() {
      stalled = false
      for (let left = queue.length; left > 0; left--) schedule(step)
    },
    evict: () => disks.clear(),
    spoil: (scope, key, value) => spoil(diskOf(scope), key, value),
    certain: (scope) => diskOf(scope).durable.read(wholeDisk),
    counts,
  }
}

function spoil({ durable, shown }: CrashingDisk, key: Key, value: unknown): boolean {
  const held = durable.read({ prefix: key, limit: 1 })[0]
  if (held?.key.length !== key.length || shown.get(key)?.version !== held.version) return false
  for (const rows of [durable, shown]) rows.put({ ...held, value })
  return true
}

function openHandle(machine: Machine, disk: CrashingDisk, to: StorageEvents): Storage {
  const born = machine.life()
  const underWay = new Set<Promise<unknown>>()
  let told = false
  let closed = false

  const call = <T>(work: () => T, commit?: DiskCommit): Promise<T> => {
    if (born !== machine.life()) return new Promise(() => {})
    if (closed) return Promise.reject(closedError())
    const done = new Promise<T>((resolve, reject) => {
      const act = () => {
        if (!told) to.state({ kind: 'disk', cacheBytes: machine.cacheBytes })
        told = true
        try {
          resolve(work())
        } catch (error) {
          reject(error)
        }
      }
      machine.enter({ disk, commit, act })
    })
    underWay.add(done)
    const forget = () => underWay.delete(done)
    done.then(forget, forget)
    return done
  }

  return {
    read: (range) =>
      call(() => {
        checkKey(range.prefix, range.from, range.to)
        return disk.shown.read(range)
      }),
    commit(writes, options) {
      const commit = { writes, options }
      return call(() => machine.write(disk, commit), commit)
    },
    async close() {
      closed = true
      await Promise.allSettled(underWay)
    },
  }
}
