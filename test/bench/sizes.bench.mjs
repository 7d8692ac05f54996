/**
 * What an application's users download (A8): each entry bundled as an application would, minified by esbuild, gzip -9, kB of 1,000 bytes;
 * frameworks outside. Peers: what stream-chat, @ably/chat with ably and socket.io-client weigh for the same task.
 */
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'
import { dist, repository } from './parts/built.mjs'
import { table } from './parts/table.mjs'

const here = fileURLToPath(new URL('.', import.meta.url))

async function bundle(contents, resolveDir) {
  const { outputFiles, metafile } = await build({
    stdin: { contents, resolveDir },
    bundle: true,
    minify: true,
    format: 'esm',
    target: 'es2022',
    platform: 'browser',
    external: ['react', 'vue', 'svelte', 'svelte/*'],
    write: false,
    metafile: true,
    logLevel: 'error',
  })
  return { kb: gzipSync(outputFiles[0].contents, { level: 9 }).length / 1_000, inputs: Object.keys(metafile.inputs) }
}

const ours = (contents) => bundle(contents, repository)
const theirs = async (contents) => (await bundle(contents, here)).kb

const client = await ours(`
  export { createChat } from '${dist}/index.js'
  export { webSocketTransport } from '${dist}/transports/websocket/index.js'`)
const storage = await ours(`export { indexedDbStorage } from '${dist}/storage/indexeddb/index.js'`)
const whole = await ours(`
  export * from '${dist}/index.js'
  export { webSocketTransport } from '${dist}/transports/websocket/index.js'
  export { indexedDbStorage } from '${dist}/storage/indexeddb/index.js'`)
for (const input of whole.inputs) if (/node_modules\/zod\//.test(input)) throw new Error(`zod is in a client's bundle: ${input}.`)

const stream = await theirs(`export { StreamChat } from 'stream-chat'`)
const ably = await theirs(`export { ChatClient } from '@ably/chat'; export { Realtime } from 'ably'`)
const socketIo = await theirs(`export { io } from 'socket.io-client'`)

const found = table()
const unit = 'kB'
found.row({ figure: '. + /websocket, gzip', value: client.kb, unit, peer: ['stream-chat', stream], most: 20 })
found.row({ figure: '. + /websocket + /indexeddb, gzip', value: whole.kb, unit, peer: ['@ably/chat + ably', ably] })
found.row({ figure: '/indexeddb, gzip', value: storage.kb, unit, peer: ['socket.io-client', socketIo], most: 4 })
for (const binding of ['react', 'vue', 'svelte']) {
  const { kb } = await ours(`export * from '${dist}/${binding}/index.js'`)
  found.row({ figure: `/${binding}, gzip`, value: kb, unit, most: 1.5 })
}
found.end()
