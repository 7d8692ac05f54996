/** The public surface changes only on purpose: `npm run api` writes the report anew. */
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { repository } from '../house/source.js'
import { apiReport } from './api.js'
import { subpaths } from './manifest.js'

it('docs/reference/api.md is what the types export', async () => {
  await expect(apiReport(subpaths)).toMatchFileSnapshot(join(repository, 'docs/reference/api.md'))
})

it('exports no `any`', () => expect(apiReport(subpaths)).not.toMatch(/\bany\b(?!')/))
