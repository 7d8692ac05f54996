/** Servers with one line wrong: each is caught by the case that asks for that line, and told so in its words, with the paragraph. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { type BackendSuiteOptions, backendSuite, runBackendCases } from '../../src/testing/index.js'
import { repository } from '../house/source.js'
import { inMemory } from './keepings.js'
import { type Keeping, shipped } from './shipped.js'

/** What is broken; the line as it is and as it is now; the case that catches it; and words of its failure. */
interface Broken {
  readonly fault: string
  readonly line: string
  readonly wrong: string
  readonly caughtBy: string
  readonly says: RegExp
}

const broken: readonly Broken[] = [
  {
    fault: 'a frame lacks a field',
    line: 'tag: tagAt(conversation, to), head',
    wrong: 'head',
    caughtBy: '§5.4 answers an open without a position by a reset: first',
    says: /frames as in the tables of §11\n.*the opened frame has a wrong field tag: /,
  },
  {
    fault: 'the key __proto__ is let in',
    line: "key !== '__proto__' && isBounded",
    wrong: 'isBounded',
    caughtBy: '§1.3 closes bad-frame on the key __proto__',
    says: /expected {2}the server to close 4002 bad-frame\n.*nothing of the kind came/,
  },
  {
    fault: 'an over-long text is accepted',
    line: 'maxPayload: 65_536',
    wrong: 'maxPayload: 1_000_000',
    caughtBy: '§1.3 closes bad-frame on a text of more than 64 KiB',
    says: /expected {2}the server to close 4002 bad-frame, or 1009\n/,
  },
  {
    fault: 'an unknown frame closes the link',
    line: 'frames[type] : [])',
    wrong: "frames[type] : ['unheard'])",
    caughtBy: '§1.4 ignores a frame of an unknown type',
    says: /expected {2}the link to live on: a frame of an unknown type is ignored\n.*closed 4002/,
  },
  {
    fault: 'ids that differ in case are one',
    line: 'JSON.stringify([link.user, one])',
    wrong: 'JSON.stringify([link.user, one]).toLowerCase()',
    caughtBy: '§1.5 keeps ids apart that differ in case or in composition alone',
    says: /expected {2}five messages\n/,
  },
  {
    fault: 'every second number is left out',
    line: 'log.push({ tag, message })',
    wrong: 'log.push({ tag, message }, { tag, message })',
    caughtBy: '§2.1 gives every change the next seq, without holes',
    says: /expected {2}the seqs of five messages to be \[1,2,3,4,5\]\n.*it was \[1,3,5,7,9\]/,
  },
  {
    fault: 'wrong-user is let in',
    line: "if (token !== user) return refuse('wrong-user', 4300)",
    wrong: '',
    caughtBy: '§3.2 refuses who names another user than their token as wrong-user',
    says: /expected {2}refused wrong-user\n.*welcome/,
  },
  {
    fault: 'the older link of a lane lives on',
    line: 'if (same) end(same, 4303)',
    wrong: '',
    caughtBy: '§3.3 applies nothing from a link after it welcomed a newer of its lane',
    says: /expected {2}nothing from the older link to be applied\n/,
  },
  {
    fault: 'a refusal closes in another band',
    line: "refuse('unauthorized', 4200)",
    wrong: "refuse('unauthorized', 4300)",
    caughtBy: '§3.2 refuses a hello without a token as unauthorized',
    says: /a close unauthorized with {"code":4200}\n.*4300/,
  },
  {
    fault: 'a catch-up begins above the position asked from',
    line: 'reset, from, to, tag',
    wrong: 'reset, from: reset ? from : Math.min(from + 1, to), to, tag',
    caughtBy: '§5.3 begins a delta at the position that was asked from',
    says: /the answer to position 0 with {"from":0}.*\n.*"from":1/,
  },
  {
    fault: 'own lists the changes of others',
    line: 'rows.filter(({ author }) => author === link.user)',
    wrong: 'rows',
    caughtBy: "§5.3 lists the asker's own changes of the range, and no one else's",
    says: /expected {2}own of the first author to be/,
  },
  {
    fault: 'a position of another epoch is taken',
    line: "if (position.epoch !== conversation.epoch) return 'epoch'",
    wrong: '',
    caughtBy: '§5.4 answers a position of another epoch by a reset: epoch',
    says: /expected {2}the answer with {"reset":"epoch"}/,
  },
  {
    fault: 'a stranger is let in',
    line: 'conversation?.marks.has(link.user)',
    wrong: "(frame.type === 'history' || conversation?.marks.has(link.user))",
    caughtBy: '§5.8 answers a history of a stranger as if there were no such conversation',
    says: /expected {2}the answer with {"code":"not-found"}\n.*"page"/,
  },
  {
    fault: 'a page has a hole',
    line: 'asOf, from, to: from + rows.length, rows, people: [] })',
    wrong: 'asOf, from, to: from + rows.length, rows: rows.filter((_, n) => n !== 1), people: [] })',
    caughtBy: '§6.2 gives all of the past, once, to who pages backwards',
    says: /the indexes of the rows, without a hole, to be/,
  },
  {
    fault: 'a page of an older state than atLeast is given',
    line: 'atLeast > asOf',
    wrong: 'false',
    caughtBy: '§6.3 waits, or fails as unavailable with a time, where it cannot show the state of atLeast yet',
    says: /expected {2}no page of a state below/,
  },
  {
    fault: 'local ids are forgotten',
    line: 'if (!outcomes.has(key(localId))) {',
    wrong: 'if (true) {',
    caughtBy: '§7.2 answers a known local id by the first outcome: on the same link',
    says: /expected {2}the second ack with {"seq":1.*\n.*"seq":2/,
  },
  {
    fault: 'a message is acknowledged before it is stored',
    line: 'append(conversation, { author: link.user, localId, content })',
    wrong: '(setTimeout(append, 200, conversation, { author: link.user, localId, content }), log.length + 1)',
    caughtBy: '§7.3 has stored a message when it acknowledges it',
    says: /expected {2}the message 1\n/,
  },
  {
    fault: 'the own echo is missing although declared',
    line: 'for (const link of followers) say(link, {',
    wrong: 'for (const link of followers) if (link.user !== draft.author) say(link, {',
    caughtBy: '§7.3 tells the author the own change where it declares echo',
    says: /expected {2}the own change 1\n.*nothing of the kind came.*"ack"/,
  },
  {
    fault: 'after is ignored',
    line: 'after !== undefined && !outcomes.has(key(after))',
    wrong: 'false',
    caughtBy: '§7.4 lets nothing overtake an operation that was rejected',
    says: /expected {2}a reject of .*\n.*"ack"/,
  },
  {
    fault: 'a void is forgotten',
    line: "outcomes.set(key(localId), kind === 'send' ?",
    wrong: "if (kind === 'send') outcomes.set(key(localId), kind === 'send' ?",
    caughtBy: '§7.6 makes no message of a send that comes after its void',
    says: /the answer to the late send .*without seq\n.*"seq":1/,
  },
  {
    fault: 'watermarks fall',
    line: 'Math.max(mark, Math.min(asked, log.length))',
    wrong: '(asked ? Math.min(asked, log.length) : mark)',
    caughtBy: '§8.1 lowers no watermark',
    says: /expected {2}marks with {"read":2,"delivered":2} .* after a lower receipt\n.*"read":1/,
  },
  {
    fault: 'own messages count as unread',
    line: '.filter(({ author }) => author !== link.user).length',
    wrong: '.length',
    caughtBy: '§8.4 counts no own messages',
    says: /expected {2}unread to be {"count":0,"more":false}\n/,
  },
  {
    fault: 'a pong names no heads',
    line: 'log.length > link.known.get(id))',
    wrong: 'false)',
    caughtBy: '§10.2 lists a head that the client has not shown to know of, though the change was sent',
    says: /expected {2}the head in pong with .*"seq":1/,
  },
  {
    fault: 'characters of content are counted instead of bytes',
    line: 'Buffer.byteLength(JSON.stringify(content))',
    wrong: 'JSON.stringify(content).length',
    caughtBy: '§12.1 counts the bytes of content, not its characters',
    says: /expected {2}a reject\n.*"ack"/,
  },
]

const source = readFileSync(join(repository, 'docs/backend/server.mjs'), 'utf8')
const cache = join(repository, 'node_modules/.cache/chatloom')

/** Runs what has one line wrong, and hands its address to `use`. */
async function withBroken<T>({ line, wrong }: Broken, n: number, use: (options: BackendSuiteOptions) => Promise<T>): Promise<T> {
  expect(source.split(line)).toHaveLength(2)
  mkdirSync(cache, { recursive: true })
  const path = join(cache, `broken-${process.pid}-${n}.mjs`)
  writeFileSync(
    path,
    source.replace(line, () => wrong),
  )
  const backend = (await import(path)) as { http: Server; put(id: string, members: readonly unknown[]): void }
  try {
    await new Promise<void>((resolve) => backend.http.listen(0, '127.0.0.1', resolve))
    const { port } = backend.http.address() as AddressInfo
    const arrange: BackendSuiteOptions['arrange'] = { put: async ({ id, members }) => backend.put(id, members) }
    return await use({ url: `ws://127.0.0.1:${port}`, tokens: (user) => user, arrange, deadlineMs: 1_000 })
  } finally {
    backend.http.closeAllConnections()
    backend.http.close()
    rmSync(path)
  }
}

const paragraphOf = (caughtBy: string) => /^§([\d.]+) /.exec(caughtBy)?.[1] ?? ''

/** The failures among the cases of the paragraph, by name. */
async function failures(options: BackendSuiteOptions, caughtBy: string): Promise<ReadonlyMap<string, string>> {
  const cases = backendSuite(options).filter((one) => one.paragraph === paragraphOf(caughtBy) && (one.tags.includes('core') || one.alone))
  const results = await runBackendCases(cases)
  return new Map(results.flatMap(({ name, outcome, reason = '' }) => (outcome === 'failed' ? [[name, reason]] : [])))
}

describe.concurrent('a server is caught in which', () => {
  it.each(broken.map((one, n) => [one.fault, one, n] as const))('%s', async (_fault, one, n) => {
    const failed = await withBroken(one, n, (options) => failures(options, one.caughtBy))
    expect([...failed.keys()]).toContain(one.caughtBy)
    const message = failed.get(one.caughtBy)
    expect(message).toMatch(new RegExp(`^§${paragraphOf(one.caughtBy)} the server `))
    expect(message).toMatch(one.says)
  })
})

/** Brings a backup back and keeps the epoch. */
function forgetful(): Keeping {
  const keeping = inMemory()
  return { ...keeping, copy: () => keeping.copy({ renew: false }) }
}

const shippedBroken: readonly [string, () => Keeping, Planted, string, RegExp][] = [
  [
    'the epoch stays after a backup was brought back',
    forgetful,
    {},
    '§2.3 names a new epoch after a backup was brought back',
    /expected {2}another epoch than /,
  ],
  [
    'receipts of another epoch raise watermarks',
    inMemory,
    { staleReceipts: true },
    '§8.1 ignores a receipt for another epoch',
    /expected {2}marks with {"read":1}/,
  ],
  [
    'the store keeps a known local id again',
    inMemory,
    { noDedupe: true },
    '§7.2 makes one message of the same operation from two links at once',
    /expected {2}the seq of the second ack to be/,
  ],
]

// One after the other: the bugs are planted in this process.
describe('the shipped server is caught where', () => {
  it.each(shippedBroken)('%s', async (_fault, keep, bugs, caughtBy, says) => {
    globalThis.planted = bugs
    const server = await shipped(keep())
    const failed = await failures({ ...server.options, deadlineMs: 1_000 }, caughtBy)
    await server.close()
    expect(failed.get(caughtBy)).toMatch(says)
  })
})
