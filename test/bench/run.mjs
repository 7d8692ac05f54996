/**
 * Installs the peers, builds, runs every `*.bench.mjs` of this folder, one after the other so that they do not disturb each other, and
 * ends with one table of all figures. A missed target fails nothing: machines differ, and the ratio tells.
 *   npm run bench                  all
 *   npm run bench -- ingest sizes  only these
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { print } from './parts/table.mjs'

const here = fileURLToPath(new URL('.', import.meta.url))
const repository = fileURLToPath(new URL('../..', import.meta.url))

function run(cwd, command, ...args) {
  const { status } = spawnSync(command, args, { cwd, stdio: 'inherit' })
  if (status !== 0) throw new Error(`Could not finish the bench: ${[command, ...args].join(' ')} failed.`)
}

const known = readdirSync(here)
  .filter((name) => name.endsWith('.bench.mjs'))
  .map((name) => name.replace('.bench.mjs', ''))
  .sort()
const wanted = process.argv.slice(2)
const unknown = wanted.filter((name) => !known.includes(name))
if (unknown.length > 0) throw new Error(`No bench is called ${unknown.join(', ')}. Benches: ${known.join(', ')}.`)

run(here, 'npm', 'ci', '--no-audit', '--no-fund')
run(repository, 'npm', 'run', '--silent', 'build')
const folder = mkdtempSync(join(tmpdir(), 'chatloom-bench-rows-'))
process.env.BENCH_ROWS = join(folder, 'rows')
writeFileSync(process.env.BENCH_ROWS, '')
for (const name of known.filter((one) => wanted.length === 0 || wanted.includes(one))) {
  run(repository, process.execPath, '--expose-gc', `test/bench/${name}.bench.mjs`)
}
const rows = readFileSync(process.env.BENCH_ROWS, 'utf8').trim().split('\n')
rmSync(folder, { recursive: true })
console.log('\nAll of this run:')
print(rows.map((row) => JSON.parse(row)))
