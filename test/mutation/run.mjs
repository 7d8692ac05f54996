/**
 * Tests the tests of the core: changes every expression of it, one at a time, and counts the changes that a test notices.
 * Fails below 80 %. `docs/mutation.md` has the last figures and the reasons; what is not noticed goes to `docs/reference/survivors.md`.
 *   npm run mutation                    all
 *   npm run mutation -- outbox session  only these folders and files
 */
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { isMissed, survivorsPage, tablesOf, unread } from './survivors.mjs'

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
const count = (of) => ({ noticed: of.filter(isNoticed).length, missed: of.filter(isMissed).length })
const score = ({ noticed, missed }) => Math.floor((1_000 * noticed) / (noticed + missed)) / 10

const page = join(repository, 'docs/reference/survivors.md')
const next = survivorsPage(existsSync(page) ? readFileSync(page, 'utf8') : '', files, only.length === 0)
writeFileSync(page, next)
const left = [...tablesOf(next)].flatMap(([path, rows]) => rows.filter(({ why }) => why === unread).map((row) => ({ path, ...row })))
for (const { path, line, was, becomes } of left) console.log(`${path}:${line}  ${was}  →  ${becomes}`)
console.log(`\n${left.length} changes in docs/reference/survivors.md have no reason yet.`)

const folders = new Map()
for (const [path, { mutants }] of Object.entries(files)) {
  const folder = path.split('/').slice(0, -1).join('/')
  folders.set(folder, [...(folders.get(folder) ?? []), ...mutants])
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
