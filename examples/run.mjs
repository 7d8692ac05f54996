/**
 * `node examples/run.mjs react` (or vanilla, vue, svelte): one page and one chat server for development on one port. Any name is a
 * user, conversations begin when they are opened, and nothing outlives the process. PORT, default 5173.
 */
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createServer } from 'vite'

const examples = {
  vanilla: () => [],
  react: async () => [(await import('@vitejs/plugin-react')).default()],
  vue: async () => [(await import('@vitejs/plugin-vue')).default()],
  svelte: async () => [(await import('@sveltejs/vite-plugin-svelte')).svelte({ configFile: false })],
}

const name = process.argv[2] ?? ''
if (!Object.hasOwn(examples, name)) {
  console.error(`There is no example ${JSON.stringify(name)}. Run: node examples/run.mjs ${Object.keys(examples).join('|')}`)
  process.exit(1)
}

if (!existsSync(new URL('../dist/server/index.js', import.meta.url))) {
  spawnSync('npm', ['run', 'build'], { cwd: new URL('..', import.meta.url), stdio: 'inherit' })
}
const { createChatServer, memoryStore } = await import('chatloom/server')
const chat = createChatServer({ store: memoryStore(), auth: ({ token }) => (token ? { userId: token } : null), joinOnOpen: true })

const vite = await createServer({
  configFile: false,
  root: new URL(name, import.meta.url).pathname,
  plugins: await examples[name](),
  server: { host: '127.0.0.1', port: Number(process.env.PORT ?? 5173), strictPort: true },
})
vite.httpServer?.on('upgrade', (request, socket, head) => {
  if (request.url?.startsWith('/ws')) chat.handleUpgrade(request, socket, head)
})
await vite.listen()
const { port } = vite.httpServer.address()
console.log(`\n  ana  http://127.0.0.1:${port}/?user=ana\n  ben  http://127.0.0.1:${port}/?user=ben\n`)
