/** How a frame is named in the trace of a world. */
import type { ClientFrame, ServerFrame } from '../../protocol/frames.js'

export function nameOfFrame(frame: ClientFrame | ServerFrame): string {
  const { type } = frame
  const detail =
    'localId' in frame
      ? frame.localId.slice(-4)
      : 'seq' in frame
        ? frame.seq
        : 'request' in frame
          ? frame.request
          : type === 'receipt'
            ? `${frame.delivered ?? ''}/${frame.read ?? ''}`
            : ''
  const more = type === 'opened' ? ` ${frame.reset ?? 'delta'} ${frame.from}..${frame.to}/${frame.head}` : ''
  const tries = type === 'operation' ? ` try ${frame.try} after ${frame.after?.slice(-4) ?? '-'} ${frame.operation.kind}` : ''
  return `${type} ${'conversation' in frame ? frame.conversation : ''} ${detail}${more}${tries}`
}
