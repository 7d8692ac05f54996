/** Programs in the docs compile against the types that ship, and run against the code that ships. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { transform } from 'esbuild'
import { compile } from 'svelte/compiler'
import ts from 'typescript'
import { describe, expect, it } from 'vitest'
import { repository } from '../house/source.js'

/** Pages of which every `ts`, `tsx` and `svelte` block is a whole program. */
const pages = [
  'docs/testing.md',
  'docs/testing-faults.md',
  'docs/server.md',
  'docs/guides/connections.md',
  'docs/guides/views.md',
  'docs/guides/adapters.md',
]

interface Program {
  readonly language: string
  readonly text: string
}

const programsOf = (page: string): Program[] =>
  [...readFileSync(join(repository, page), 'utf8').matchAll(/^```(tsx?|svelte)\n([\s\S]*?)^```$/gm)].map(
    ([, language = '', text = '']) => ({ language, text }),
  )

const scriptOf = (component: string): string => /<script lang="ts">([\s\S]*?)<\/script>/.exec(component)?.[1] ?? ''

/** What the type checker says of programs that stood in the repository's root; of a component, of its script. */
function typeErrors(programs: readonly Program[]): string[] {
  const files = new Map(
    programs.map(({ language, text }, n) => [
      join(repository, `snippet-${n}.${language === 'tsx' ? 'tsx' : 'ts'}`),
      language === 'svelte' ? scriptOf(text) : text,
    ]),
  )
  const options: ts.CompilerOptions = {
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    moduleDetection: ts.ModuleDetectionKind.Force,
    target: ts.ScriptTarget.ES2022,
    lib: ['lib.es2023.d.ts', 'lib.dom.d.ts'],
    types: ['node'],
    jsx: ts.JsxEmit.ReactJSX,
    strict: true,
    noEmit: true,
    skipLibCheck: true,
  }
  const host = ts.createCompilerHost(options)
  const { readFile, fileExists, getSourceFile } = host
  host.fileExists = (name) => files.has(name) || fileExists(name)
  host.readFile = (name) => files.get(name) ?? readFile(name)
  host.getSourceFile = (name, how, ...rest) => {
    const text = files.get(name)
    return text === undefined ? getSourceFile(name, how, ...rest) : ts.createSourceFile(name, text, how)
  }
  return ts
    .getPreEmitDiagnostics(ts.createProgram([...files.keys()], options, host))
    .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'))
}

/** A component is rendered on a server. */
async function codeOf({ language, text }: Program): Promise<string> {
  if (language !== 'svelte') return (await transform(text, { loader: language as 'ts' | 'tsx', jsx: 'automatic', format: 'esm' })).code
  const { js } = compile(text, { generate: 'server', name: 'Snippet' })
  return `${js.code}\nimport { render } from 'svelte/server'\nif (!render(Snippet).body) throw new Error('nothing was rendered')`
}

/** What the program prints; of tests, nothing but that none failed and how many there were. */
async function run(program: Program): Promise<string> {
  const code = await codeOf(program)
  if (code.includes('"vitest"')) return runTests(code)
  const args = ['--test-reporter=tap', '--input-type=module', '-e', code]
  const said = execFileSync(process.execPath, args, { cwd: repository, encoding: 'utf8', stdio: 'pipe', timeout: 50_000 })
  return code.includes('"node:test"') ? passed(/^# pass (\d+)\n# fail 0$/m.exec(said)?.[1], said) : said
}

/** Under Vitest in a folder that has the package installed, as an application has it. */
function runTests(code: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'chatloom-docs-'))
  try {
    writeFileSync(join(folder, 'snippet.test.js'), code)
    mkdirSync(join(folder, 'node_modules'))
    symlinkSync(repository, join(folder, 'node_modules/chatloom'))
    symlinkSync(join(repository, 'node_modules/vitest'), join(folder, 'node_modules/vitest'))
    const args = [join(repository, 'node_modules/vitest/vitest.mjs'), 'run', '--root', folder, '--reporter=json']
    const said = execFileSync(process.execPath, args, { cwd: folder, encoding: 'utf8', stdio: 'pipe', timeout: 50_000 })
    return passed(/"numPassedTests":(\d+)/.exec(said)?.[1], said)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

const passed = (count: string | undefined, said: string): string => (Number(count) > 0 ? '' : `no test has passed: ${said}`)

describe.each(pages)('%s', (page) => {
  it('has programs', () => expect(programsOf(page)).not.toEqual([]))
  it('compiles', () => expect(typeErrors(programsOf(page))).toEqual([]))
  it('runs to its end', async () => {
    for (const program of programsOf(page)) expect(await run(program)).toBe('')
  })
})

const inTs = (text: string): Program => ({ language: 'ts', text })

describe('the check of programs', () => {
  it('finds a wrong type', () =>
    expect(typeErrors([inTs(`import { tcpProxy } from 'chatloom/testing'\nvoid tcpProxy({ target: 'here' })`)])).toHaveLength(1))
  it('finds one that fails', () => expect(run(inTs('throw new Error("no")'))).rejects.toThrow('no'))
  it.each(['vitest', 'node:test'])('finds one whose tests fail, or that has none, under %s', async (runner) => {
    await expect(run(inTs(`import { it } from '${runner}'\nit('fails', () => Promise.reject(new Error('no')))`))).rejects.toThrow()
    expect(await run(inTs(`import '${runner}'`)).catch(String)).not.toBe('')
  })
})
