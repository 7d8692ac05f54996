/**
 * Which processor runs what. A round trip between two processes costs a wake-up more when they sit on two processors, and a scheduler puts
 * a light pair on one and a heavy pair on two: left to it, the contenders of one run are not compared on the same ground.
 * Linux alone can be told; elsewhere every process runs where it likes.
 */
import { spawnSync } from 'node:child_process'

const first = 0
const second = 1

/** Puts all threads of a process on one processor; false where that cannot be done. */
function put(pid, processor) {
  return spawnSync('taskset', ['--all-tasks', '--cpu-list', '--pid', String(processor), String(pid)]).status === 0
}

/** The ways to seat this process and its servers, each to be measured for itself; `seat` is false where there is no such place. */
export function placements(servers) {
  const onOne = { name: 'one processor', seat: () => servers.every(({ pid }) => put(pid, first)) }
  const onTwo = { name: 'two processors', seat: () => servers.every(({ pid }) => put(pid, second)) }
  if (!put(process.pid, first)) return [{ name: 'placed by the system', seat: () => true }]
  return [onOne, onTwo]
}
