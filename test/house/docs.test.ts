/** The pages point at what is there. */
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { readSources, repository } from './source.js'

const page = (path: string) => ({ path, text: readFileSync(join(repository, path), 'utf8') })
const pages = [page('README.md'), page('CHANGELOG.md'), ...readSources('docs', (path) => path.endsWith('.md'))]

/** Links into the repository that lead nowhere; code has none. */
const brokenLinks = ({ path, text }: { path: string; text: string }): string[] =>
  [...text.replace(/^```[\s\S]*?^```$/gm, '').matchAll(/\]\((?!https?:|#)([^)#\s]+)/g)]
    .map(([, to]) => to as string)
    .filter((to) => !existsSync(join(repository, dirname(path), to)))
    .map((to) => `${path} links to ${to}`)

const lines = (text: string) => text.split('\n').filter((line) => line !== '')

describe('the pages', () => {
  it('link to what exists', () => expect(pages.flatMap(brokenLinks)).toEqual([]))

  it('README names every subpath', () => {
    const { exports } = JSON.parse(readFileSync(join(repository, 'package.json'), 'utf8')) as { exports: Record<string, unknown> }
    const names = Object.keys(exports)
      .filter((path) => path !== './package.json')
      .map((path) => `\`chatloom${path.slice(1)}\``)
    expect(names.filter((name) => !page('README.md').text.includes(name))).toEqual([])
  })

  it('docs/backend.md shows all of its program, in its order', () => {
    const blocks = Array.from(page('docs/backend.md').text.matchAll(/^```js\n([\s\S]*?)^```$/gm), ([, code]) => code)
    expect(lines(blocks.join(''))).toEqual(lines(page('docs/backend/server.mjs').text))
  })

  it('are checked: a link to nothing is found', () => {
    const text = '[a](docs/start.md) [b](docs/nothing.md#part) [c](https://example.com) [d](#part)'
    expect(brokenLinks({ path: 'README.md', text })).toEqual(['README.md links to docs/nothing.md'])
  })
})
