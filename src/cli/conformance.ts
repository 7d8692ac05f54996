/** `chatloom conformance`: asks a running server everything that `docs/protocol.md` promises. */
import { parseArgs } from 'node:util'
import { runBackendCases } from '../testing/backend-run.js'
import { type BackendSuiteCase, type BackendSuiteOptions, backendSuite } from '../testing/backend-suite.js'
import type { Dialer } from '../testing/dialer.js'
import { dialerOf } from '../testing/dialer-of.js'
import { asJson, asText } from './report.js'

const usage = `Usage: chatloom conformance <url> [--token USER=TOKEN …] [--conversation ID] [--only WHAT …] [--json]
  <url>            where the server listens, such as ws://127.0.0.1:8787, or http://127.0.0.1:8787 for its server-sent events
  --token          a user and their token, in this order: two members, and one who is no member of the conversation.
                   Without it any name is taken for a token, as chatloom serve --dev does, and each case has users of its own
  --conversation   a conversation of the first two users and nobody else. Without it conversations begin when they are opened
  --wrong-token    a token that was never good; without it the case is skipped
  --expired-token  a token whose time is over; without it the case is skipped
  --only           a section (7), a paragraph (7.2) or a tag (core, slow, sse, a feature); may be given again
  --json           one JSON document instead of the report
  --help           this text
The exit code is 0 if nothing failed, 1 if something did, 2 if nothing could be asked.`

interface Asked {
  readonly url: string
  readonly dialer: Dialer
  readonly suite: BackendSuiteOptions
  readonly only: readonly string[]
  readonly json: boolean
}

const unasked = 2

/** Gives the exit code. */
export async function conformance(args: readonly string[]): Promise<number> {
  try {
    const asked = readArguments(args)
    if (asked) return await ask(asked)
    console.log(usage)
    return 0
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error))
    return unasked
  }
}

async function ask({ url, dialer, suite, only, json }: Asked): Promise<number> {
  const cases = backendSuite(suite).filter((one) => only.length === 0 || only.some((what) => isAbout(one, what)))
  if (cases.length === 0) throw new Error(`No case is about ${only.join(', ')}: give a section, a paragraph or a tag.`)
  // One sentence instead of as many failures as there are cases.
  const wire = await dialer.dial({ text() {}, closed() {} })
  wire.close()
  const results = await runBackendCases(cases)
  console.log(json ? asJson(url, results) : asText(url, results))
  return results.some(({ outcome }) => outcome === 'failed') ? 1 : 0
}

function isAbout({ paragraph, tags }: BackendSuiteCase, what: string): boolean {
  const place = what.replace(/^§/, '')
  return paragraph === place || paragraph.split('.')[0] === place || tags.includes(what)
}

/** Null: only help is asked for. */
function readArguments(args: readonly string[]): Asked | null {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      help: { type: 'boolean', short: 'h' },
      token: { type: 'string', multiple: true },
      conversation: { type: 'string' },
      'wrong-token': { type: 'string' },
      'expired-token': { type: 'string' },
      only: { type: 'string', multiple: true },
      json: { type: 'boolean', default: false },
    },
  })
  if (values.help) return null
  const [url, ...more] = positionals
  if (url === undefined || more.length > 0) throw new Error(`One address is asked for.\n\n${usage}`)
  const dialer = dialerOf(url)
  const badTokens = { wrong: values['wrong-token'], expired: values['expired-token'] }
  const tokens = values.token && readTokens(values.token)
  const { conversation, only = [], json } = values
  for (const [name, value] of Object.entries(values))
    if ([value].flat().includes('')) throw new Error(`--${name} was given without a value.`)
  return { url, dialer, suite: { url: dialer, tokens, badTokens, conversation }, only, json }
}

function readTokens(given: readonly string[]): Record<string, string> {
  const tokens = Object.fromEntries(
    given.map((one) => {
      const at = one.indexOf('=')
      if (at < 1) throw new Error(`A token is given as USER=TOKEN, but one is ${at === 0 ? 'without a user' : 'without ='}.`)
      return [one.slice(0, at), one.slice(at + 1)]
    }),
  )
  if (Object.keys(tokens).length < 2) throw new Error('Tokens of at least two users are needed: --token ann=… --token bob=….')
  return tokens
}
