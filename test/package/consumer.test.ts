/** The packed tarball in an application's hands: types under both resolutions, sound in themselves, and code by `import` and `require`. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { repository } from '../house/source.js'
import { installed, subpaths } from './manifest.js'

const app = mkdtempSync(join(tmpdir(), 'chatloom-consumer-'))
const modules = join(app, 'node_modules')
const names = subpaths.map(({ name }) => name)
/** Beside what the package asks for: what the frameworks' and Node's own types need. */
const alsoThere = ['@types/node', '@types/react', 'undici-types', 'csstype']

const program = `
import { createChat } from 'chatloom'
import { mockTransport } from 'chatloom/mock'
const chat = createChat({ user: 'ann', transport: mockTransport() })
chat.connect()
const localId: string = chat.conversation('lunch').send({ text: 'hello' })
// @ts-expect-error: a user is a string
createChat({ user: 1, transport: mockTransport() })
export { localId }
`

function runNode(...args: string[]): string {
  return execFileSync(process.execPath, args, { cwd: app, encoding: 'utf8', stdio: 'pipe' })
}

/** What the type checker says of the application: empty when it is content. */
function typeErrors(module: string, moduleResolution: string, skipLibCheck: boolean): string {
  const config = {
    compilerOptions: {
      module,
      moduleResolution,
      target: 'ES2022',
      lib: ['ES2023', 'DOM'],
      strict: true,
      noEmit: true,
      types: ['node'],
      skipLibCheck,
    },
    files: ['all.ts', 'app.ts'],
  }
  writeFileSync(join(app, 'tsconfig.json'), JSON.stringify(config))
  try {
    runNode(join(repository, 'node_modules/typescript/bin/tsc'), '-p', '.')
    return ''
  } catch (error) {
    return String((error as { stdout?: string }).stdout)
  }
}

beforeAll(() => {
  execFileSync('npm', ['pack', '--silent', '--ignore-scripts', '--pack-destination', app], { cwd: repository })
  execFileSync('sh', ['-c', 'tar xzf *.tgz'], { cwd: app })
  mkdirSync(modules)
  renameSync(join(app, 'package'), join(modules, 'chatloom'))
  for (const name of [...installed, ...alsoThere]) {
    mkdirSync(dirname(join(modules, name)), { recursive: true })
    symlinkSync(join(repository, 'node_modules', name), join(modules, name))
  }
  writeFileSync(join(app, 'package.json'), '{ "type": "module" }')
  writeFileSync(join(app, 'app.ts'), program)
  writeFileSync(join(app, 'all.ts'), names.map((name, n) => `export * as s${n} from '${name}'`).join('\n'))
}, 60_000)

afterAll(() => rmSync(app, { recursive: true, force: true }))

describe('an application with the tarball installed', () => {
  it('has types under NodeNext', () => expect(typeErrors('NodeNext', 'NodeNext', false)).toBe(''))
  it('has types under bundler resolution', () => expect(typeErrors('ESNext', 'Bundler', true)).toBe(''))

  it.each(names)('imports and requires %s', (name) => {
    const list = (load: string) => `const all = ${load}('${name}'); console.log(Object.keys(all).sort().join())`
    const imported = runNode('--input-type=module', '-e', list('await import'))
    expect(imported.trim()).not.toBe('')
    expect(runNode('--no-warnings', '--input-type=commonjs', '-e', list('require'))).toBe(imported)
  })
})
