/** The shipped server keeps the whole page, over both stores; nothing is left unasked. */
import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type BackendResult, backendSuite, runBackendCases } from '../../src/testing/index.js'
import { inMemory, inSqlite } from './keepings.js'
import { type Shipped, shipped } from './shipped.js'

const page = readFileSync(new URL('../../docs/protocol.md', import.meta.url), 'utf8')
const all = backendSuite({ url: 'ws://nowhere' })
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

describe.each([
  ['memory', inMemory],
  ['SQLite', inSqlite],
] as const)('over the store in %s, the server', (_name, keep) => {
  let servers: Shipped[] = []
  let results: readonly BackendResult[] = []
  beforeAll(async () => {
    // Times so short could end a link of a case that only was slow.
    const [patient, quick] = await Promise.all([shipped(keep()), shipped(keep(), { helloMs: 1_000, heartbeatMs: 400 })])
    servers = [patient, quick]
    const cases = ({ options }: Shipped, slow: boolean) => backendSuite(options).filter(({ tags }) => tags.includes('slow') === slow)
    results = (await Promise.all([runBackendCases(cases(patient, false)), runBackendCases(cases(quick, true))])).flat()
  })
  afterAll(() => Promise.all(servers.map((server) => server.close())))

  it.each(all.map(({ name }) => name))('%s', (name) => {
    const result = results.find((one) => one.name === name)
    expect([result?.outcome, result?.reason]).toEqual(['passed', undefined])
  })
})
