/** Where the server's log lines go: one event name, then fields. */

export interface Logger {
  debug(event: string, fields?: object): void
  info(event: string, fields?: object): void
  warn(event: string, fields?: object): void
  error(event: string, fields?: object): void
}

const nothing = () => {}

export const silentLogger: Logger = { debug: nothing, info: nothing, warn: nothing, error: nothing }

/** One JSON object per line on `write`, default standard error. Lines below `level` are left out. */
export function jsonLogger(options: { level?: 'debug' | 'info' | 'warn' | 'error'; write?: (line: string) => void } = {}): Logger {
  const { level = 'info', write = (line) => process.stderr.write(line) } = options
  const levels = ['debug', 'info', 'warn', 'error'] as const
  const line = (at: (typeof levels)[number]) =>
    levels.indexOf(at) < levels.indexOf(level)
      ? nothing
      : (event: string, fields: object = {}) =>
          write(`${JSON.stringify({ time: new Date().toISOString(), level: at, event, ...fields })}\n`)
  return { debug: line('debug'), info: line('info'), warn: line('warn'), error: line('error') }
}

/** An error as log fields; the stack tells the place. */
export function errorFields(error: unknown): object {
  return error instanceof Error ? { error: error.message, stack: error.stack } : { error: String(error) }
}
