/** What the core reports, as events, metrics and log lines of the application. Who throws is told as a fault and harms no other. */
import { EventEmitter } from 'eventemitter3'
import type { Report } from '../core/event.js'
import type { Provisional } from '../core/state.js'
import type { MessageRow } from '../protocol/frames.js'
import type { ChatEvents, ChatOptions, Message, Metric } from './api.js'
import { assertArgument, type ChatError, chatError, failure } from '../ports/errors.js'
import { guarded } from './guarded.js'
import type { Waits } from './waits.js'

type LogLine = readonly [level: 'info' | 'warn', text: string, fields: object]

export interface Events<C> {
  report(report: Report): void
  /** Something broke that must not: told once, to log and listeners. */
  fault(cause: unknown): ChatError
  on<E extends keyof ChatEvents>(event: E, run: (...args: ChatEvents<C>[E]) => void): () => void
  end(): void
}

export interface EventParts<C> {
  readonly options: Pick<ChatOptions<C>, 'logger' | 'metrics'>
  readonly answer: Waits['answer']
  readonly toShown: (row: MessageRow) => Message<C>
  readonly aheadShown: (row: Provisional) => Message<C>
  /** This user logged out elsewhere. */
  readonly fenced: () => void
}

const names: readonly string[] = [
  'message',
  'corrected',
  'withdrawn',
  'reset',
  'failed',
  'left',
  'fault',
] satisfies readonly (keyof ChatEvents)[]

export function createEvents<C>({ options, answer, toShown, aheadShown, fenced }: EventParts<C>): Events<C> {
  const { logger, metrics } = options
  const emitter = new EventEmitter()
  // A logger that fails has nobody left to hear of it.
  const logError = guarded((cause: unknown) => logger?.error(`${cause}`, { cause }), Boolean)
  const fault = (cause: unknown): ChatError => {
    const error = chatError('fault', 'chat', cause)
    logError(error)
    emitter.emit('fault', error)
    return error
  }
  const log = guarded(([level, text, fields]: LogLine) => logger?.[level](text, fields), fault)
  const measure = guarded((metric: Metric) => metrics?.(metric), fault)
  const emit = ({ kind, ...told }: { readonly kind: string; readonly [field: string]: unknown }) => void emitter.emit(kind, told)

  const report = (what: Report) => {
    switch (what.kind) {
      case 'message':
        if (emitter.listenerCount(what.kind) === 0) return
        return emit({ kind: what.kind, conversation: what.conversation, message: toShown(what.row), source: what.source })
      case 'corrected':
        return emit({ kind: what.kind, conversation: what.conversation, message: toShown(what.row), was: aheadShown(what.was) })
      case 'withdrawn':
        return emit({ kind: what.kind, conversation: what.conversation, message: aheadShown(what.was) })
      case 'reset':
      case 'left':
        return emit(what)
      case 'failed': {
        const { code, ...told } = what
        const error = failure(code)
        answer(told.localId, error)
        return emit({ ...told, error })
      }
      case 'discarded':
        return answer(what.localId, what.kind)
      case 'sent':
        answer(what.entry.localId, undefined, what.row)
        return what.tookMs < 0 ? undefined : measure({ name: 'send-latency', ms: what.tookMs })
      case 'delivered':
        return measure({ name: 'delivered-latency', ms: what.tookMs })
      case 'caught-up':
        return measure({ name: 'catch-up', ms: what.tookMs, rows: what.rows })
      case 'via':
        return measure({ name: 'transport', transport: what.via })
      case 'reconnecting': {
        const { kind, ...told } = what
        log(['info', 'The link ended.', told])
        return measure({ name: 'reconnect', ...told })
      }
      case 'warning':
        return log(['warn', what.text, what.fields])
      case 'fenced':
        return fenced()
    }
  }

  return {
    report,
    fault,
    on(event, run) {
      assertArgument('on', names.includes(event) && typeof run === 'function', `it takes one of ${names.join(', ')}, and a function.`)
      // Who listens for faults and throws is not told of that one too.
      const listener = guarded(run as (told: unknown) => void, event === 'fault' ? logError : fault)
      emitter.on(event, listener)
      return () => void emitter.off(event, listener)
    },
    end: () => void emitter.removeAllListeners(),
  }
}
