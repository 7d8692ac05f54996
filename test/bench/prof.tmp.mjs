import { textsIn } from './parts/log.mjs'
import { join, sit, until } from './parts/sitting.mjs'
import { limitIngest } from './parts/limit.mjs'
import { cpuWatch } from './parts/rounds.mjs'
const burst = Number(process.argv[2] ?? 1), rounds = Number(process.argv[3] ?? 12)
const seat = await sit({ conversations: [] })
const texts = textsIn('c0', 0, 10000)
let joined = 0
const out = [], lim = []
for (let r = 0; r < rounds; r++) {
  if (!process.env.NOLIM) { const w0 = cpuWatch(); await limitIngest(texts, 10000); lim.push(w0() / 10) } else lim.push(1)
  const { script, listener } = seat
  const id = `c${++joined}`
  const { talk, end } = await join(seat, id)
  const count = 10000
  const said = textsIn(id, 0, count)
  script.grew(id, count)
  let newest = 0
  listener.seen = ({ messages }) => { newest = messages[messages.length - 1]?.seq ?? 0 }
  const watch = cpuWatch()
  for (let i = 0; i < count; ) {
    for (const e = Math.min(count, i + burst); i < e; i++) script.hear(said[i])
    await null
    await null
    if (newest < i) await until(() => newest >= i)
  }
  out.push(watch() / 10)
  listener.seen = () => {}
  end()
}
out.sort((a, b) => a - b); lim.sort((a, b) => a - b)
console.log('burst', burst, 'median', out[rounds >> 1].toFixed(2), 'min', out[0].toFixed(2), 'limit', lim[rounds >> 1].toFixed(2), 'min', lim[0].toFixed(2))
process.exit(0)
