/**
 * Tests that draw lives from seeds, with many more of them, and those that need minutes: `npm run soak -- <name>`.
 *   SEED=1 SEEDS=50 npm run soak           lives of tabs that share a link; the first seed and how many
 *   SEED=1 SEEDS=15 npm run soak -- kills  a server killed at drawn points, nine times a seed
 *   CUTS=300 npm run soak -- power         power cuts under the SQLite store
 *   ROUNDS=5 npm run soak -- slow          what a slow consumer costs the server, and others
 *   npm run soak -- storm                  5,000 chats come back to a server that was gone for a minute; needs 20,000 open files
 */
import { spawn } from 'node:child_process'

const e2e = (...files) => ['vitest', 'run', ...files, '--project', 'e2e', '--disable-console-intercept']

/** By name: what is run, and its environment unless it is given. */
const soaks = {
  tabs: { args: e2e('test/e2e/shared-tabs.test.ts'), env: { SEED: '1', SEEDS: '50' } },
  kills: { args: e2e('test/server/kills.test.ts', 'test/server/kill.test.ts'), env: { SEED: '1', SEEDS: '15', ROUNDS: '50' } },
  power: { args: e2e('test/server/power.test.ts'), env: { CUTS: '300' } },
  slow: { args: e2e('test/server/slow.test.ts'), env: { ROUNDS: '5' } },
  storm: { args: e2e('test/server/storm.test.ts'), env: { CLIENTS: '5000', FLEETS: '2', TIMES: '1' } },
}

const { 2: name = 'tabs' } = process.argv
const soak = soaks[name]
if (!soak) throw new Error(`No soak is called ${name}. Soaks: ${Object.keys(soaks).join(', ')}.`)
spawn('npx', soak.args, { stdio: 'inherit', env: { ...soak.env, ...process.env } }).on('close', (code) => {
  process.exitCode = code ?? 1
})
