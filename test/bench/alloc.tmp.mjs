import { Session } from 'node:inspector/promises'
import { textsIn } from './parts/log.mjs'
import { join, sit, until } from './parts/sitting.mjs'
const burst = Number(process.argv[2] ?? 1), rounds = 6
const seat = await sit({ conversations: [] })
const s = new Session(); s.connect()
let joined = 0
for (let r = 0; r < rounds; r++) {
  const { script, listener } = seat
  const id = `c${++joined}`
  const { talk, end } = await join(seat, id)
  const count = 10000
  const said = textsIn(id, 0, count)
  script.grew(id, count)
  let newest = 0
  listener.seen = ({ messages }) => { newest = messages[messages.length - 1]?.seq ?? 0 }
  if (r === rounds - 1) await s.post('HeapProfiler.startSampling', { samplingInterval: 4096, includeObjectsCollectedByMajorGC: true, includeObjectsCollectedByMinorGC: true })
  for (let i = 0; i < count; ) {
    for (const e = Math.min(count, i + burst); i < e; i++) script.hear(said[i])
    await null
    await null
    if (newest < i) await until(() => newest >= i)
  }
  if (r === rounds - 1) {
    const { profile } = await s.post('HeapProfiler.stopSampling')
    const self = new Map(); let tot = 0
    ;(function walk(n) { const k = `${n.callFrame.functionName} ${n.callFrame.url.split('/').slice(-2).join('/')}:${n.callFrame.lineNumber}`; self.set(k, (self.get(k) ?? 0) + n.selfSize); tot += n.selfSize; n.children.forEach(walk) })(profile.head)
    console.log('bytes per message', (tot / count).toFixed(0))
    for (const [k, v] of [...self].sort((a, b) => b[1] - a[1]).slice(0, 30)) console.log((v / count).toFixed(0).padStart(6), k)
  }
  listener.seen = () => {}
  end()
}
process.exit(0)
