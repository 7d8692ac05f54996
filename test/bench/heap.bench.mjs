/**
 * What 100,000 live messages leave on the heap of a chat with the default storage (A5), in a process that has done nothing else.
 * Limit: the same messages parsed, in a Map and an array.
 */
import { limitHeap } from './parts/limit.mjs'
import { textsIn } from './parts/log.mjs'
import { turn } from './parts/rounds.mjs'
import { readBack, sit } from './parts/sitting.mjs'
import { table } from './parts/table.mjs'

const count = 100_000
const texts = textsIn('c0', 0, count)

/** Bytes of heap that the messages leave, above the same chat without any. */
async function heap() {
  const { chat, talks, script } = await sit({})
  script.grew('c0', count)
  const settled = async () => {
    for (let i = 0; i < 5; i++) {
      await turn()
      globalThis.gc()
    }
    return process.memoryUsage().heapUsed
  }
  await new Promise((resolve) => setTimeout(resolve, 300))
  const empty = await settled()
  for (let i = 0; i < count; i++) {
    script.hear(texts[i])
    await null
    if (i % 500 === 0) await turn()
  }
  await new Promise((resolve) => setTimeout(resolve, 300))
  const full = await settled()
  await readBack(talks[0], count)
  await chat.close()
  return full - empty
}

const limit = limitHeap(texts, count)
const bytes = await heap()
const found = table()
found.row({ figure: 'heap after 100k', value: bytes / 1e6, unit: 'MB', limit: limit / 1e6, most: 10 })
found.end()
process.exit(0)
