/**
 * The tests that draw lives from seeds, with many more of them: `npm run soak`.
 *   SEED=1 SEEDS=50 npm run soak     the first seed and how many, and what is the default
 */
import { spawn } from 'node:child_process'

const { SEED = '1', SEEDS = '50' } = process.env
const args = ['vitest', 'run', '--project', 'e2e', 'test/e2e/shared-tabs.test.ts']
spawn('npx', args, { stdio: 'inherit', env: { ...process.env, SEED, SEEDS } }).on('close', (code) => {
  process.exitCode = code ?? 1
})
