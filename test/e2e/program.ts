/** A program of the repository in a process of its own, ready when it has printed an address. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import { createInterface } from 'node:readline'

export interface Program {
  readonly port: number
  start(): Promise<void>
  /** Ends it as by a power cut. */
  kill(): Promise<void>
}

export async function program(args: readonly string[], env: Readonly<Record<string, string>>): Promise<Program> {
  const port = await freePort()
  let child: ChildProcess | undefined
  return {
    port,
    async start() {
      child = spawn(process.execPath, args, {
        stdio: ['ignore', 'pipe', 'inherit'],
        env: { ...process.env, NODE_ENV: 'production', ...env, PORT: String(port) },
      })
      const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream })
      for await (const line of lines) if (line.includes(`:${port}/`)) break
      // A pipe that nobody reads would fill.
      child.stdout?.resume()
    },
    async kill() {
      if (!child || child.exitCode !== null || child.signalCode !== null) return
      const exit = once(child, 'exit')
      child.kill('SIGKILL')
      await exit
    },
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}
