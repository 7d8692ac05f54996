/**
 * Tests that draw from seeds, with many more of them, and those that need minutes: `npm run soak -- <name> [--option value]`.
 *   npm run soak -- tabs --seed 1 --seeds 50          lives of tabs that share a link
 *   npm run soak -- fuzz --seed 1 --frames 5000000    frames from the schemas, at both ends
 *   npm run soak -- indexeddb --seeds 1000            the simulated world over the IndexedDB adapter
 *   npm run soak -- kills --seed 1 --seeds 15         a server killed at drawn points, nine times a seed
 *   npm run soak -- browser --kills 100               the browser killed in the middle of its writes
 *   npm run soak -- firefox                           the main job in Firefox, where one is installed
 *   npm run soak -- power --cuts 300                  power cuts under the SQLite store
 *   npm run soak -- slow --rounds 5                   what a slow consumer costs the server, and others
 *   npm run soak -- world --minutes 60                the simulated world on seeds of its own, which it says, --seed for others; run where no name is given
 *   npm run soak -- storm                             5,000 chats come back to a server that was gone for a minute; needs 20,000 open files
 * Each option may be given as a variable of the environment instead: `SEED=1`.
 */
import { spawn } from 'node:child_process'
import { parseArgs } from 'node:util'
import { bundle } from './bundle.mjs'

/** By name: the project and the files, and what is asked for where nothing is said. Each option is a variable of the test. */
const soaks = {
  tabs: { project: 'e2e', files: ['test/e2e/shared-tabs.test.ts'], options: { seed: '1', seeds: '50' } },
  fuzz: { project: 'node', files: ['test/fuzz/fuzz.test.ts'], options: { seed: '1', frames: '5000000' } },
  indexeddb: {
    project: 'simulation',
    files: ['test/simulation/indexeddb-1.test.ts', 'test/simulation/indexeddb-2.test.ts'],
    options: { seeds: '1000' },
  },
  kills: {
    project: 'server',
    files: ['test/server/kills.test.ts', 'test/server/kill.test.ts'],
    options: { seed: '1', seeds: '15', rounds: '50' },
  },
  browser: { project: 'e2e', files: ['test/e2e/browser-kills.test.ts'], options: { kills: '100' } },
  firefox: { project: 'firefox', files: ['test/firefox/firefox.test.ts'], options: { kills: '10' } },
  power: { project: 'server', files: ['test/server/power.test.ts'], options: { cuts: '300' } },
  slow: { project: 'server', files: ['test/server/slow.test.ts'], options: { rounds: '5' } },
  storm: { project: 'server', files: ['test/server/storm.test.ts'], options: { clients: '5000', fleets: '2', times: '1' } },
  world: { program: 'test/simulation/soak.ts', options: { seed: '', minutes: '60' } },
}

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: Object.fromEntries(
    Object.values(soaks).flatMap(({ options }) => Object.keys(options).map((name) => [name, { type: 'string' }])),
  ),
})
const [name = 'world'] = positionals
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
  const bundled = soak.program && bundle(name, soak.program)
  const [command, ...args] = bundled
    ? [process.execPath, bundled.path]
    : ['npx', 'vitest', 'run', '--project', soak.project, ...soak.files, '--disable-console-intercept']
  spawn(command, args, { stdio: 'inherit', env }).on('close', (code) => {
    bundled?.remove()
    process.exitCode = code ?? 1
  })
}
