/** The shipped server keeps the whole page, over both stores and both doors; what is left unasked says why. */
import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type BackendResult, backendSuite, runBackendCases } from '../../src/testing/index.js'
import { inMemory, inSqlite } from './keepings.js'
import { type Shipped, shipped } from './shipped.js'

const page = readFileSync(new URL('../../docs/protocol.md', import.meta.url), 'utf8')
const all = backendSuite({ url: 'http://nowhere' })
const core = all.filter(({ tags }) => tags.includes('core'))

describe('the suite', () => {
  it('has at least 150 cases, and at least 60 of the core', () => {
    expect(all.length).toBeGreaterThanOrEqual(150)
    expect(core.length).toBeGreaterThanOrEqual(60)
  })

  it('names each case once, by a paragraph of the page', () => {
    expect(new Set(all.map(({ name }) => name)).size).toBe(all.length)
    expect(all.filter(({ paragraph }) => !page.includes(`<a id="p${paragraph.replace('.', '-')}"></a>`))).toEqual([])
  })

  it('asks of the core open and catch-up, local ids, after, resets, receipts and close codes', () => {
    const cited = new Set(core.map(({ paragraph }) => paragraph))
    for (const paragraph of ['5.1', '5.3', '5.4', '7.2', '7.4', '8.1', '4.2', '1.4']) expect(cited).toContain(paragraph)
  })
})

/** What a door cannot be asked, by the words in which the suite says so. */
const unaskable: Readonly<Record<'ws' | 'http', Readonly<Record<string, string>>>> = {
  ws: {},
  http: { '§1.1 ends a link that sends a binary message': 'this door carries texts alone' },
}

describe.each([
  ['memory', 'WebSocket', inMemory, 'ws'],
  ['memory', 'server-sent events', inMemory, 'http'],
  ['SQLite', 'WebSocket', inSqlite, 'ws'],
] as const)('with the store in %s, the server over %s', (_store, over, keep, door) => {
  let servers: Shipped[] = []
  let results: readonly BackendResult[] = []
  beforeAll(async () => {
    // Times so short could end a link of a case that only was slow.
    const [patient, quick] = await Promise.all([
      shipped(keep(), { door }),
      shipped(keep(), { door, limits: { helloMs: 1_000, heartbeatMs: 400 } }),
    ])
    servers = [patient, quick]
    const cases = ({ options }: Shipped, slow: boolean) => backendSuite(options).filter(({ tags }) => tags.includes('slow') === slow)
    results = (await Promise.all([runBackendCases(cases(patient, false)), runBackendCases(cases(quick, true))])).flat()
  })
  afterAll(() => Promise.all(servers.map((server) => server.close())))

  for (const [name, reason] of Object.entries(unaskable[door])) console.info(`${over} is not asked "${name}": ${reason}`)

  it.each(backendSuite({ url: `${door}://nowhere` }).map(({ name }) => name))('%s', (name) => {
    const result = results.find((one) => one.name === name)
    const reason = unaskable[door][name]
    expect([result?.outcome, result?.reason]).toEqual([reason === undefined ? 'passed' : 'skipped', reason])
  })
})
