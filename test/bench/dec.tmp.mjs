import { textsIn } from './parts/log.mjs'
import * as sit from './parts/sitting.mjs'
import { readdirSync } from 'node:fs'
const codec = await import(new URL('./node_modules/.built/src-protocol-codec.mjs', import.meta.url))
const a = [], b = [], c = []
for (let r = 0; r < 15; r++) {
  let t = textsIn('a' + r, 0, 10000), s = process.cpuUsage(), keep = []
  for (const x of t) keep.push(JSON.parse(x))
  let u = process.cpuUsage(s); a.push((u.user + u.system) / 10000)
  t = textsIn('b' + r, 0, 10000); s = process.cpuUsage(); keep = []
  for (const x of t) keep.push(codec.decodeServerFrames(x))
  u = process.cpuUsage(s); b.push((u.user + u.system) / 10000)
  t = textsIn('c' + r, 0, 10000); s = process.cpuUsage(); keep = []
  for (const x of t) { const v = codec.decodeServerFrames(x); if (!v.ok) throw 1 }
  u = process.cpuUsage(s); c.push((u.user + u.system) / 10000)
}
const m = (x) => x.sort((p, q) => p - q)[7].toFixed(2)
console.log('parse', m(a), 'decode', m(b), 'decode, dropped', m(c))
