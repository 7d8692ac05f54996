/** Programs of tests, bundled for Node so that they run in processes of their own. */
import { type ChildProcess, fork } from 'node:child_process'
import { type Bundle, bundle } from '../bundle.mjs'

/** Of `test/server/<name>.ts`. */
export const program = (name: string): Bundle => bundle(name, `test/server/${name}.ts`)

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
