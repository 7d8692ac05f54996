/** Serves one folder of built files. */
import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { extname, resolve, sep } from 'node:path'
import { fileURLToPath } from 'node:url'

const kinds = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
}

/** A function that answers a path with the file under `folder`, or 404. */
export function pages(folder) {
  const root = fileURLToPath(folder)
  return async (path, response) => {
    const file = fileOf(root, path)
    const found = file && (await stat(file).catch(() => undefined))
    if (!found?.isFile()) return response.writeHead(404, { 'content-type': 'text/plain' }).end('Not found')
    // Names under assets/ carry a hash of what they hold.
    const cache = path.startsWith('/assets/') ? 'public, max-age=31536000, immutable' : 'no-cache'
    response.writeHead(200, { 'content-type': kinds[extname(file)] ?? 'application/octet-stream', 'cache-control': cache })
    createReadStream(file).pipe(response)
  }
}

function fileOf(root, path) {
  try {
    const file = resolve(root, `.${decodeURIComponent(path === '/' ? '/index.html' : path)}`)
    return file.startsWith(root.endsWith(sep) ? root : root + sep) ? file : undefined
  } catch {
    return undefined
  }
}
