/**
 * Server-sent events against a WebSocket (A4), both in one page of Chromium to one server in a process of its own: `talk.send()` to the
 * snapshot that shows `sent`, and 100 sends queued in one turn until the last is shown so. The page is of another origin than the server,
 * as is usual; leave to POST is asked for once. Limit: the same over the WebSocket.
 */
import { stage } from './parts/browser.mjs'
import { interleaved, median } from './parts/rounds.mjs'
import { startServer } from './parts/server-process.mjs'
import { table } from './parts/table.mjs'

const server = await startServer('chatloom')
for (const user of ['sse', 'websocket']) await server.put({ id: user, members: [user] })
const { inBrowser, end } = await stage('link-page')
const found = table()
try {
  await inBrowser('links', `?port=${server.port}`, async (page) => {
    const run = (way, what, count) => page.evaluate(([name, called, n]) => globalThis.bench[name][called](n), [way, what, count])
    const acks = (way) => async () => median(await run(way, 'roundTrips', 50))
    const trips = await interleaved({ limit: acks('websocket'), chatloom: acks('sse') }, { rounds: 9, warmUp: 3 })
    found.row({ figure: 'ack round trip over events, p50', value: trips.chatloom, unit: 'ms', limit: trips.limit, most: 10 })
    const drain = (way) => () => run(way, 'drain', 100)
    const drains = await interleaved({ limit: drain('websocket'), chatloom: drain('sse') }, { rounds: 21, warmUp: 5 })
    found.row({
      figure: '100 queued sends over events',
      value: drains.chatloom,
      unit: 'ms',
      limit: drains.limit,
      most: 3,
      against: 'limit',
    })
  })
  found.end()
} finally {
  end()
  await server.stop()
}
process.exit(0)
