/**
 * The tests that draw from seeds, with many more of them.
 *   npm run soak                                          lives of tabs that share a link: as `npm run soak -- tabs`
 *   npm run soak -- tabs --seed 1 --seeds 50              SEED and SEEDS in the environment mean the same
 *   npm run soak -- fuzz --seed 1 --frames 5000000        frames from the schemas, at both ends
 */
import { spawn } from 'node:child_process'
import { parseArgs } from 'node:util'

/** By name: the project and the files, and what is asked for where nothing is said. Each option is a variable of the test. */
const soaks = {
  tabs: { project: 'e2e', files: ['test/e2e/shared-tabs.test.ts'], options: { seed: '1', seeds: '50' } },
  fuzz: { project: 'node', files: ['test/fuzz/fuzz.test.ts'], options: { seed: '1', frames: '5000000' } },
}

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: Object.fromEntries(
    Object.values(soaks).flatMap(({ options }) => Object.keys(options).map((name) => [name, { type: 'string' }])),
  ),
})
const [name = 'tabs'] = positionals
const soak = soaks[name]
const odd = soak && Object.keys(values).filter((option) => !(option in soak.options))
if (!soak || positionals.length > 1 || odd.length > 0) {
  process.stderr.write(
    `A soak is one of ${Object.entries(soaks).map(([known, { options }]) => `${known} (--${Object.keys(options).join(', --')})`)}.\n`,
  )
  process.exitCode = 2
} else {
  const env = { ...process.env }
  for (const [option, usual] of Object.entries(soak.options))
    env[option.toUpperCase()] = values[option] ?? env[option.toUpperCase()] ?? usual
  const args = ['vitest', 'run', '--project', soak.project, ...soak.files]
  spawn('npx', args, { stdio: 'inherit', env }).on('close', (code) => {
    process.exitCode = code ?? 1
  })
}
