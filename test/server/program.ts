/** Programs of tests, bundled for Node so that they run in processes of their own. */
import { type ChildProcess, fork } from 'node:child_process'
import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { buildSync } from 'esbuild'

/** Bundles `test/server/<name>.ts`; close enough to the repository that its packages are found. */
export function program(name: string): { readonly path: string; remove(): void } {
  const cache = join(process.cwd(), 'node_modules', '.cache', 'chatloom')
  mkdirSync(cache, { recursive: true })
  const path = join(cache, `${name}-${process.pid}.mjs`)
  buildSync({
    entryPoints: [`test/server/${name}.ts`],
    outfile: path,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    packages: 'external',
    banner: { js: 'globalThis.planted = {}' },
  })
  return { path, remove: () => rmSync(path) }
}

export interface Process {
  readonly child: ChildProcess
  /** Asks what `answering` answers in the process. */
  ask(what: string, argument?: unknown): Promise<unknown>
  readonly over: Promise<unknown>
}

export function launch(path: string, ...args: readonly (string | number)[]): Process {
  const child = fork(path, args.map(String), { execArgv: ['--max-old-space-size=8192'] })
  const waiting = new Map<number, (answer: unknown) => void>()
  let calls = 0
  child.on('message', ({ call, answer }: { call: number; answer: unknown }) => waiting.get(call)?.(answer))
  return {
    child,
    ask: (what, argument) =>
      new Promise((resolve, reject) => {
        waiting.set(++calls, resolve)
        child.once('exit', () => reject(new Error(`The process ended before it answered ${what}.`)))
        child.setMaxListeners(0)
        child.send({ call: calls, what, argument })
      }),
    over: new Promise((resolve) => child.once('exit', resolve)),
  }
}
