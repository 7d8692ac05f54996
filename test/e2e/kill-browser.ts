/**
 * The end of a browser in the middle of whatever it does: SIGKILL to all processes of a profile, found by the folder it was given. One that
 * lived on could still hold the databases when the next browser opens them.
 */
import { readdirSync, readFileSync } from 'node:fs'

export function killBrowser(folder: string): void {
  process.kill(-browserPid(folder), 'SIGKILL')
}

function browserPid(folder: string): number {
  for (const entry of readdirSync('/proc').map(Number).filter(Number.isInteger)) {
    try {
      const command = readFileSync(`/proc/${entry}/cmdline`, 'utf8')
      if (command.includes(`--user-data-dir=${folder}`) && !command.includes('--type=')) return entry
    } catch {
      // It ended meanwhile.
    }
  }
  throw new Error(`No browser runs on ${folder}.`)
}
