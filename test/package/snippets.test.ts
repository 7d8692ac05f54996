/** Programs in the docs compile against the types that ship, and run against the code that ships. */
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { transform } from 'esbuild'
import ts from 'typescript'
import { describe, expect, it } from 'vitest'
import { repository } from '../house/source.js'

/** Pages of which every `ts` block is a whole program. */
const pages = ['docs/testing.md', 'docs/testing-faults.md']

const programsOf = (page: string): string[] =>
  [...readFileSync(join(repository, page), 'utf8').matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map(([, program]) => program as string)

/** What the type checker says of a program that stood in the repository's root. */
function typeErrors(program: string): string[] {
  const path = join(repository, 'snippet.ts')
  const options: ts.CompilerOptions = {
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    target: ts.ScriptTarget.ES2022,
    lib: ['lib.es2023.d.ts', 'lib.dom.d.ts'],
    types: ['node'],
    strict: true,
    noEmit: true,
    skipLibCheck: true,
  }
  const host = ts.createCompilerHost(options)
  const { readFile, fileExists, getSourceFile } = host
  host.fileExists = (name) => name === path || fileExists(name)
  host.readFile = (name) => (name === path ? program : readFile(name))
  host.getSourceFile = (name, ...rest) =>
    name === path ? ts.createSourceFile(name, program, ts.ScriptTarget.ES2022) : getSourceFile(name, ...rest)
  return ts
    .getPreEmitDiagnostics(ts.createProgram([path], options, host))
    .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'))
}

async function run(program: string): Promise<string> {
  const { code } = await transform(program, { loader: 'ts', format: 'esm' })
  return execFileSync(process.execPath, ['--input-type=module', '-e', code], {
    cwd: repository,
    encoding: 'utf8',
    stdio: 'pipe',
    timeout: 20_000,
  })
}

describe.each(pages)('%s', (page) => {
  it('has programs', () => expect(programsOf(page)).not.toEqual([]))
  it('compiles', () => expect(programsOf(page).flatMap(typeErrors)).toEqual([]))
  it('runs to its end', async () => {
    for (const program of programsOf(page)) expect(await run(program)).toBe('')
  })
})

describe('the check of programs', () => {
  it('finds a wrong type', () =>
    expect(typeErrors(`import { tcpProxy } from 'chatloom/testing'\nvoid tcpProxy({ target: 'here' })`)).toHaveLength(1))
  it('finds one that fails', () => expect(run('throw new Error("no")')).rejects.toThrow('no'))
})
