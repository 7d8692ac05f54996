/** Starts a server of `servers.mjs` and asks it. */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

const script = fileURLToPath(new URL('./servers.mjs', import.meta.url))

export async function startServer(kind) {
  const child = fork(script, [kind], { execArgv: ['--expose-gc'] })
  const [{ port }] = await once(child, 'message')
  const waiting = new Map()
  let calls = 0
  child.on('message', ({ call, answer }) => {
    waiting.get(call)(answer)
    waiting.delete(call)
  })
  const ask = (what, argument) =>
    new Promise((resolve) => {
      waiting.set(++calls, resolve)
      child.send({ call: calls, what, argument })
    })
  return {
    port,
    pid: child.pid,
    /** CPU time of the whole process so far, µs. */
    usage: () => ask('usage'),
    /** Bytes resident after garbage collection. */
    rss: () => ask('rss'),
    put: (conversation) => ask('put', conversation),
    async stop() {
      child.disconnect()
      await once(child, 'exit')
    },
  }
}
