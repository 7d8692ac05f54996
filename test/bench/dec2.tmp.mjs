import { textsIn } from './parts/log.mjs'
import { buildSync } from 'esbuild'
buildSync({ stdin: { contents: `export * from './src/protocol/walk.ts'; export * from './src/protocol/server-frames.ts'; export * from './src/protocol/codec.ts'`, resolveDir: '/work/main' }, bundle: true, format: 'esm', outfile: '/tmp/w/dec.mjs' })
const { parseText, isBounded, readServerFrame, decodeServerFrames } = await import('/tmp/w/dec.mjs')
const run = { 
  parse: (x) => JSON.parse(x), 
  parseText: (x) => parseText(x, 1e6).value,
  walk: (x) => { const v = JSON.parse(x); if (!isBounded(v, 32)) throw 1; return v },
  guard: (x) => { const v = JSON.parse(x); if (!readServerFrame(v)) throw 1; return v },
  all: (x) => decodeServerFrames(x),
}
const res = Object.fromEntries(Object.keys(run).map((k) => [k, []]))
let n = 0
for (let r = 0; r < 60; r++) for (const k of Object.keys(run)) {
  const f = run[k]
  const t = textsIn('a' + n++, 0, 10000); const s = process.cpuUsage(), keep = []
  for (const x of t) keep.push(f(x))
  const u = process.cpuUsage(s); res[k].push((u.user + u.system) / 10000)
}
for (const k in res) console.log(k, res[k].sort((p, q) => p - q)[15].toFixed(2), res[k][0].toFixed(2))
