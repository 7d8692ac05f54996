/**
 * Firefox as its makers ship it, driven by WebDriver BiDi. Playwright and the like drive a build of their own, which no user runs; what is
 * needed here is little: pages, functions run in them, and what they say on the console.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { WebSocket } from 'ws'

export interface FirefoxPage {
  /** Runs in the page; what goes in and out is JSON. */
  evaluate<Given, Answer>(run: (given: Given) => Answer | Promise<Answer>, given?: Given): Promise<Answer>
  /** Defines in the page what the text of a script defines. */
  script(text: string): Promise<void>
  reload(): Promise<void>
  close(): Promise<void>
}

export interface Firefox {
  page(url: string, said?: (text: string) => void): Promise<FirefoxPage>
  /** SIGKILL to all of its processes. */
  kill(): Promise<void>
}

/** `FIREFOX_PATH`, then the system's; throws what to do where there is none. */
function findFirefox(): string {
  const places = [process.env.FIREFOX_PATH, '/usr/bin/firefox-esr', '/usr/bin/firefox', '/Applications/Firefox.app/Contents/MacOS/firefox']
  const found = places.find((path) => path && existsSync(path))
  if (found) return found
  throw new Error('Could not find Firefox. Install it (on Debian: apt-get install firefox-esr), or set FIREFOX_PATH to its executable.')
}

type Answer = {
  readonly id?: number
  readonly result?: unknown
  readonly message?: string
  readonly method?: string
  readonly params?: LogEntry
}
interface LogEntry {
  readonly text: string
  readonly source: { readonly context: string }
}
interface Outcome {
  readonly type: string
  readonly result?: { readonly value?: string }
  readonly exceptionDetails?: { readonly text: string }
}

export async function launchFirefox(profile: string): Promise<Firefox> {
  // A group of its own, so that all processes die together.
  const child = spawn(findFirefox(), ['--headless', '--no-remote', '--remote-debugging-port=0', '--profile', profile], {
    stdio: ['ignore', 'ignore', 'pipe'],
    detached: true,
  })
  const closed = once(child, 'close')
  let address = ''
  for await (const line of createInterface({ input: child.stderr })) {
    address = /WebDriver BiDi listening on (ws:\S+)/.exec(line)?.[1] ?? ''
    if (address) break
  }
  child.stderr.resume()
  const socket = new WebSocket(`${address}/session`)
  const listeners = new Map<string, (text: string) => void>()
  const waiting = new Map<number, (answer: Answer) => void>()
  let asked = 0
  socket.on('message', (data) => {
    const answer = JSON.parse(String(data)) as Answer
    if (answer.method === 'log.entryAdded' && answer.params) listeners.get(answer.params.source.context)?.(answer.params.text)
    if (answer.id !== undefined) waiting.get(answer.id)?.(answer)
  })
  socket.on('error', () => {})
  socket.on('close', () => {
    for (const settle of waiting.values()) settle({ message: 'Firefox has ended.' })
  })
  await once(socket, 'open')

  async function ask<Result>(method: string, params: object): Promise<Result> {
    const id = ++asked
    const answer = await new Promise<Answer>((resolve) => {
      waiting.set(id, resolve)
      socket.send(JSON.stringify({ id, method, params }))
    })
    waiting.delete(id)
    if (answer.result === undefined) throw new Error(`Firefox could not do ${method}: ${answer.message}`)
    return answer.result as Result
  }

  await ask('session.new', { capabilities: {} })
  await ask('session.subscribe', { events: ['log.entryAdded'] })
  return {
    async page(url, said = () => {}) {
      const { context } = await ask<{ context: string }>('browsingContext.create', { type: 'tab' })
      listeners.set(context, said)
      const call = async (functionDeclaration: string, given: unknown) => {
        const args = [{ type: 'string', value: JSON.stringify(given ?? null) }]
        const { exceptionDetails, result } = await ask<Outcome>('script.callFunction', {
          functionDeclaration,
          arguments: args,
          awaitPromise: true,
          target: { context },
        })
        if (exceptionDetails) throw new Error(exceptionDetails.text)
        return JSON.parse(result?.value ?? 'null')
      }
      await ask('browsingContext.navigate', { context, url, wait: 'complete' })
      return {
        evaluate: (run, given) => call(`async (text) => JSON.stringify((await (${run})(JSON.parse(text))) ?? null)`, given),
        script: async (text) => void (await call('(text) => { (0, eval)(JSON.parse(text)) }', text)),
        reload: async () => void (await ask('browsingContext.reload', { context, wait: 'complete' })),
        close: async () => void (await ask('browsingContext.close', { context })),
      }
    },
    async kill() {
      if (child.exitCode === null && child.signalCode === null) process.kill(-(child.pid as number), 'SIGKILL')
      await closed
    },
  }
}
