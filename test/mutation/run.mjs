/**
 * Tests the tests of the core: changes every expression of it, one at a time, and counts the changes that a test notices.
 * Fails below 80 %. `docs/mutation.md` has the last figures, and why what is not noticed need not be.
 *   npm run mutation                    all
 *   npm run mutation -- outbox session  only these folders and files, with the changes that nobody notices
 */
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const here = fileURLToPath(new URL('.', import.meta.url))
const repository = fileURLToPath(new URL('../..', import.meta.url))
const least = 80

function run(cwd, command, ...args) {
  const { status } = spawnSync(command, args, { cwd, stdio: 'inherit' })
  if (status !== 0) throw new Error(`Could not finish: ${[command, ...args].join(' ')} failed.`)
}

const wanted = process.argv.slice(2).map((name) => {
  const path = [`src/core/${name}.ts`, `src/core/${name}`].find((each) => existsSync(join(repository, each)))
  if (!path) throw new Error(`src/core has no ${name}.`)
  return path.endsWith('.ts') ? path : `${path}/**/*.ts`
})
const only = wanted.length > 0 ? ['--mutate', [...wanted, '!src/core/**/*.test.ts', '!src/core/planted.ts'].join(',')] : []

run(here, 'npm', 'ci', '--no-audit', '--no-fund')
run(
  repository,
  process.execPath,
  'test/mutation/node_modules/@stryker-mutator/core/bin/stryker.js',
  'run',
  'test/mutation/stryker.config.mjs',
  ...only,
)

const { files } = JSON.parse(readFileSync(join(repository, '.cache/mutation/report.json'), 'utf8'))
const isNoticed = ({ status }) => status === 'Killed' || status === 'Timeout'
const isMissed = ({ status }) => status === 'Survived' || status === 'NoCoverage'
const count = (of) => ({ noticed: of.filter(isNoticed).length, missed: of.filter(isMissed).length })
const score = ({ noticed, missed }) => Math.floor((1_000 * noticed) / (noticed + missed)) / 10

const folders = new Map()
for (const [path, { source, mutants }] of Object.entries(files)) {
  const folder = path.split('/').slice(0, -1).join('/')
  folders.set(folder, [...(folders.get(folder) ?? []), ...mutants])
  for (const { location, replacement } of only.length > 0 ? mutants.filter(isMissed) : []) {
    const { start, end } = location
    const line = source.split('\n')[start.line - 1] ?? ''
    const was = line.slice(start.column - 1, start.line === end.line ? end.column - 1 : undefined)
    console.log(`${path}:${start.line}  ${was}  →  ${replacement.replace(/\s+/g, ' ')}`)
  }
}
const all = count([...folders.values()].flat())
console.log('\n| folder | changes | noticed | score |\n| --- | --- | --- | --- |')
for (const [name, of] of [...[...folders].map(([name, mutants]) => [name, count(mutants)]).sort(), ['all', all]]) {
  console.log(`| ${name} | ${of.noticed + of.missed} | ${of.noticed} | ${score(of)} % |`)
}
if (score(all) < least) {
  console.error(`\nTests notice less than ${least} % of the changes.`)
  process.exitCode = 1
}
