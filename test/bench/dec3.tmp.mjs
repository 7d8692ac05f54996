import { textsIn } from './parts/log.mjs'
const { readServerFrame, isBounded, decodeServerFrames } = await import('/tmp/w/dec.mjs')
const g = [], w = [], a = []
for (let r = 0; r < 40; r++) {
  const vs = textsIn('a' + r, 0, 10000).map((x) => JSON.parse(x))
  let s = process.hrtime.bigint()
  for (const v of vs) if (!readServerFrame(v)) throw 1
  g.push(Number(process.hrtime.bigint() - s) / 1e7)
  s = process.hrtime.bigint()
  for (const v of vs) if (!isBounded(v, 32)) throw 1
  w.push(Number(process.hrtime.bigint() - s) / 1e7)
}
const q = (x) => { x.sort((p, q) => p - q); return [x[0], x[10], x[20]].map((y) => y.toFixed(3)).join(' ') }
console.log('guard', q(g), 'walk', q(w), 'us per frame')
