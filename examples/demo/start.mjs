/** `npm start`: builds the page, then serves it. The package itself is built before. */
import { build } from 'vite'

await build({ configFile: new URL('vite.config.mjs', import.meta.url).pathname, logLevel: 'warn' })
await import('./server.mjs')
