/** What a bundler makes of each subpath: sizes, and what is not in it. */
import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { builtinModules } from 'node:module'
import { join } from 'node:path'
import { createContext, runInContext } from 'node:vm'
import { build } from 'esbuild'
import { describe, expect, it } from 'vitest'
import { importsOf } from '../house/imports.js'
import { repository } from '../house/source.js'
import { installed, subpaths } from './manifest.js'

const frameworks = ['react', 'vue', 'svelte']
const nodeModules = builtinModules.flatMap((name) => [name, `node:${name}`])
const client = subpaths.filter(({ name }) => !['chatloom/server', 'chatloom/testing'].includes(name))

async function bundle(code: string) {
  const { metafile } = await build({
    entryPoints: [code],
    bundle: true,
    write: false,
    metafile: true,
    format: 'esm',
    platform: 'browser',
    external: [...frameworks, ...nodeModules],
  })
  const imports = Object.values(metafile.outputs).flatMap((output) => output.imports.map(({ path }) => path))
  return { files: Object.keys(metafile.inputs), imports }
}

describe('size limits', () => {
  // It exits with an error over a limit and still prints every size.
  const { stdout } = spawnSync(process.execPath, [join(repository, 'node_modules/size-limit/bin.js'), '--json'], {
    cwd: repository,
    encoding: 'utf8',
  })
  const measured = JSON.parse(stdout) as { name: string; size: number; sizeLimit: number }[]

  it.each(measured)('$name: $size of $sizeLimit bytes', ({ size, sizeLimit }) => {
    expect(size).toBeGreaterThan(0)
    expect(size).toBeLessThanOrEqual(sizeLimit)
  })

  const sizeOf = (name: string) => measured.find((one) => one.name === name)?.size ?? Number.NaN
  const client = 'chatloom + /websocket'

  it.each([
    ['sse', 3_500],
    ['fallback', 1_000],
    ['shared', 3_000],
    ['finality', 2_000],
  ])('/%s adds no more than %i bytes to a client over WebSocket', (name, most) => {
    expect(sizeOf(`${client} + /${name}`) - sizeOf(client)).toBeLessThanOrEqual(most)
  })
})

describe.each(client)('$name', ({ code }) => {
  it('brings no zod and nothing of Node into a page', async () => {
    const { files, imports } = await bundle(code)
    expect(files.filter((path) => /node_modules\/(zod|ws|jose)\//.test(path))).toEqual([])
    expect(imports.filter((path) => nodeModules.includes(path))).toEqual([])
  })
})

describe('chatloom/testing', () => {
  const code = subpaths.find(({ name }) => name === 'chatloom/testing')?.code ?? ''

  it('loads nothing of Node until it is called, so that tests in a browser can import it', async () => {
    const { outputFiles } = await build({
      entryPoints: [code],
      bundle: true,
      write: false,
      format: 'esm',
      platform: 'browser',
      external: ['ws', ...nodeModules],
    })
    const [page] = outputFiles.map(({ text }) => text)
    expect(page?.match(/^import .*|\brequire\(.*/gm)).toBeNull()
    expect(page).toContain('import("node:net")')
  })

  it('runs a test chat with nothing of Node and no timer', async () => {
    const contents = `
      import { createTestChat } from ${JSON.stringify(code)}
      globalThis.told = (async () => {
        const test = createTestChat()
        test.chat.conversation('hello').send({ text: 'hi' })
        await test.server.says('hello', 'bob', { text: 'hö' })
        await test.expectView('hello', ['hi', 'hö'])
        await test.close()
        return 'done'
      })()`
    const { outputFiles } = await build({
      stdin: { contents, resolveDir: repository },
      bundle: true,
      write: false,
      format: 'iife',
      platform: 'browser',
      external: ['ws', ...nodeModules],
      logLevel: 'error',
    })
    const page = createContext({ TextEncoder, AbortController, queueMicrotask })
    runInContext(outputFiles[0]?.text ?? '', page)
    expect(await page.told).toBe('done')
  })
})

describe('dist', () => {
  const emitted = readdirSync(join(repository, 'dist'), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.js'))
    .map((path) => ({ path, text: readFileSync(join(repository, 'dist', path), 'utf8') }))

  it('holds no planted bug', () => {
    const sources = readdirSync(join(repository, 'src'), { recursive: true, encoding: 'utf8' }).filter((path) =>
      path.endsWith('/planted.ts'),
    )
    const declared = sources.map((path) => readFileSync(join(repository, 'src', path), 'utf8')).join('\n')
    const bugs = [...declared.matchAll(/^ {2}readonly (\w+)\?: boolean$/gm)].map(([, name]) => name)
    expect(bugs).toEqual(expect.arrayContaining(['applyOverHole', 'rejectDrops', 'ackBeforeCommit', 'rowLost']))
    const held = new RegExp(`\\b(planted|${bugs.join('|')})\\b`)
    expect(emitted.flatMap(({ path, text }) => held.exec(text)?.[0].concat(' in ', path) ?? [])).toEqual([])
  })

  it('bundles no package', () => {
    expect(emitted.filter(({ text }) => text.includes('// node_modules/')).map(({ path }) => path)).toEqual([])
  })

  it('imports only what an application installs', () => {
    const foreign = emitted.flatMap(importsOf).filter(({ to }) => !/^node:|\.ts$/.test(to) && !installed.includes(to))
    expect(foreign.map(({ from, to }) => `${from} imports ${to}`)).toEqual([])
  })

  it('keeps the first lines that bundling loses', () => {
    const opening = (path: string) => emitted.find((one) => one.path === path)?.text.split('\n')[0]
    expect(opening('cli.js')).toBe('#!/usr/bin/env node')
    expect(opening('react/index.js')).toMatch(/^['"]use client['"];$/)
  })
})

describe.each(subpaths)('types of $name', ({ name, types }) => {
  it('name no package that an application may lack', () => {
    const mayName = client.some((one) => one.name === name) ? /^(react|vue|svelte)$/ : /^(node:.*|eventsource-parser|jose|zod)$/
    expect(packagesIn(types).filter((one) => !mayName.test(one))).toEqual([])
  })
})

/** Every package that a declaration file names, itself or through what it imports. */
function packagesIn(entry: string): string[] {
  const seen = new Set<string>()
  const packages = new Set<string>()
  const walk = (path: string): void => {
    if (seen.has(path)) return
    seen.add(path)
    for (const { to } of importsOf({ path, text: readFileSync(path, 'utf8') })) {
      if (to.startsWith('/')) walk(to.replace(/\.ts$/, '.d.ts'))
      else packages.add(to)
    }
  }
  walk(entry)
  return [...packages]
}
