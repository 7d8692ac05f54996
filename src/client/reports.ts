/** What the core reports, as events, metrics and log lines of the application. */
import type { Report } from '../core/event.js'
import type { MessageRow } from '../protocol/frames.js'
import type { ChatOptions, Message } from './api.js'
import { ChatError } from './errors.js'
import { type Listeners, listeners } from './listeners.js'
import { failure } from './failure.js'
import type { SettledWaits } from './settled.js'

export interface Reports<C> extends Pick<Listeners<C>, 'fault' | 'on' | 'end'> {
  report(report: Report): void
}

export interface ReportParts<C> {
  readonly options: Pick<ChatOptions<C>, 'logger' | 'metrics'>
  readonly waits: () => SettledWaits<C>
  readonly toShown: (row: MessageRow) => Message<C>
  /** This user logged out elsewhere. */
  readonly fenced: () => void
}

export function reports<C>(parts: ReportParts<C>): Reports<C> {
  const { logger, metrics } = parts.options
  const { emit, guarded, fault, on, end, hears } = listeners<C>(logger)

  const report = (what: Report) => {
    switch (what.kind) {
      case 'message':
        if (!hears('message')) return
        return emit('message', { conversation: what.conversation, message: parts.toShown(what.row), source: what.source })
      case 'reset':
        return emit('reset', { conversation: what.conversation, why: what.why, lost: what.lost })
      case 'failed': {
        const error = failure(what.code)
        parts.waits().failed(what.localId, error)
        return emit('failed', { conversation: what.conversation, localId: what.localId, error })
      }
      case 'discarded':
        return parts.waits().failed(what.localId, new ChatError('discarded', 'The message was not sent: it was taken back.'))
      case 'left':
        return emit('left', { conversation: what.conversation, why: what.why })
      case 'sent':
        parts.waits().sent(what.entry.localId, parts.toShown(what.row))
        if (what.tookMs >= 0) guarded(() => metrics?.({ name: 'send-latency', ms: what.tookMs }))
        return
      case 'delivered':
        return guarded(() => metrics?.({ name: 'delivered-latency', ms: what.tookMs }))
      case 'caught-up':
        return guarded(() => metrics?.({ name: 'catch-up', ms: what.tookMs, rows: what.rows }))
      case 'reconnecting':
        guarded(() => logger?.info('The link ended; a new one will be opened.', { attempt: what.attempt, why: what.why }))
        return guarded(() => metrics?.({ name: 'reconnect', attempt: what.attempt, why: what.why }))
      case 'warning':
        return guarded(() => logger?.warn(what.text, what.fields))
      case 'fenced':
        return parts.fenced()
    }
  }

  return { report, fault, on, end }
}
