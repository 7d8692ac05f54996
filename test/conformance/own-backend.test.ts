/** A server of another language's shape, the running example of docs/backend.md, keeps the core of the page in under 200 lines. */
import { readFileSync } from 'node:fs'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type BackendResult, backendSuite, runBackendCases } from '../../src/testing/index.js'
import { repository } from '../house/source.js'

const path = `${repository}/docs/backend/server.mjs`
const core = backendSuite({ url: 'ws://nowhere' }).filter(({ tags }) => tags.includes('core'))
/** What it declares no feature for. */
const lacked = ['typing', 'inbox']

interface Backend {
  readonly http: Server
  put(id: string, members: readonly string[]): void
}

describe('docs/backend/server.mjs', () => {
  let backend: Backend
  let results: readonly BackendResult[] = []
  beforeAll(async () => {
    backend = (await import(path)) as Backend
    await new Promise<void>((resolve) => backend.http.listen(0, '127.0.0.1', resolve))
    const { port } = backend.http.address() as AddressInfo
    const put = async ({ id, members }: { id: string; members: readonly unknown[] }) => backend.put(id, members as string[])
    const cases = backendSuite({ url: `ws://127.0.0.1:${port}`, tokens: (user) => user, arrange: { put } })
    results = await runBackendCases(cases.filter(({ tags }) => tags.includes('core')))
  })
  afterAll(() => {
    backend.http.closeAllConnections()
    backend.http.close()
  })

  it('has under 200 lines, and imports nothing of chatloom', () => {
    const text = readFileSync(path, 'utf8')
    expect(text.trimEnd().split('\n').length).toBeLessThan(200)
    expect(Array.from(text.matchAll(/from '(.*)'/g), ([, name]) => name)).toEqual(['node:crypto', 'node:http', 'ws'])
  })

  it('passes at least 60 cases of the core', () => {
    expect(results.filter(({ outcome }) => outcome === 'passed').length).toBeGreaterThanOrEqual(60)
  })

  it.each(core.map(({ name }) => name))('%s', (name) => {
    const result = results.find((one) => one.name === name)
    if (result?.tags.some((tag) => lacked.includes(tag))) expect(result.reason).toMatch('welcome.features does not name')
    else expect([result?.outcome, result?.reason]).toEqual(['passed', undefined])
  })
})
