/**
 * What of some files is on disk and what is on its way there, seen at the calls of `node:fs`: every write, truncation and `fsync`. A power
 * cut leaves what was synced, and of each sector written since either the old or the new.
 */
import fs, { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'

export interface WatchedDisk {
  /** Writes, truncations and syncs so far. */
  readonly calls: () => number
  readonly syncs: () => number
  /** All there is now is on disk. */
  settle(): void
  /** Writes into another folder what a power cut at this moment leaves. */
  cut(into: string, random: () => number): void
  /** Called before each of the calls. */
  onCall(run: () => void): void
  end(): void
}

const sectorBytes = 512

interface File {
  durable: Buffer
  /** Each changes the image of the file; in order. */
  readonly pending: ((image: Buffer, random: () => number) => Buffer)[]
}

export function watchDisk(folder: string): WatchedDisk {
  const files = new Map<string, File>()
  const names = new Map<number, string>()
  const { openSync, closeSync, writeSync, ftruncateSync, fsyncSync } = fs
  const native = { openSync, closeSync, writeSync, ftruncateSync, fsyncSync }
  let calls = 0
  let syncs = 0
  let before = () => {}

  const fileOf = (fd: number) => {
    const name = names.get(fd)
    if (name === undefined) return undefined
    const file = files.get(name) ?? { durable: Buffer.alloc(0), pending: [] }
    files.set(name, file)
    calls += 1
    before()
    return file
  }

  fs.openSync = (path, ...rest) => {
    const fd = native.openSync(path, ...rest)
    if (dirname(String(path)) === folder) names.set(fd, basename(String(path)))
    return fd
  }
  fs.closeSync = (fd) => {
    names.delete(fd)
    native.closeSync(fd)
  }
  fs.writeSync = ((fd: number, data: Uint8Array, offset: number, length: number, at: number) => {
    fileOf(fd)?.pending.push(written(Buffer.from(data.subarray(offset, offset + length)), at))
    return native.writeSync(fd, data, offset, length, at)
  }) as typeof fs.writeSync
  fs.ftruncateSync = (fd, size) => {
    fileOf(fd)?.pending.push((image) => image.subarray(0, size ?? 0))
    native.ftruncateSync(fd, size)
  }
  fs.fsyncSync = (fd) => {
    const file = fileOf(fd)
    syncs += 1
    if (file) reached(file)
    native.fsyncSync(fd)
  }

  return {
    calls: () => calls,
    syncs: () => syncs,
    settle() {
      files.clear()
      for (const entry of readdirSync(folder, { withFileTypes: true })) {
        if (entry.isFile()) files.set(entry.name, { durable: readFileSync(join(folder, entry.name)), pending: [] })
      }
    },
    cut(into, random) {
      mkdirSync(into)
      for (const [name, { durable, pending }] of files) {
        writeFileSync(
          join(into, name),
          pending.reduce((image, change) => change(image, random), durable),
        )
      }
    },
    onCall(run) {
      before = run
    },
    end: () => void Object.assign(fs, native),
  }
}

/** Sector by sector: it came to the disk, or did not. */
function written(data: Buffer, at: number): File['pending'][number] {
  return (image, random) => {
    const next = Buffer.alloc(Math.max(image.length, at + data.length))
    image.copy(next)
    for (let from = 0; from < data.length; from += sectorBytes) {
      if (random() < 0.5) data.copy(next, at + from, from, Math.min(from + sectorBytes, data.length))
    }
    return next
  }
}

function reached(file: File): void {
  file.durable = file.pending.reduce((image, change) => change(image, () => 0), file.durable)
  file.pending.length = 0
}
