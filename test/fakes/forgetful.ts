/**
 * The scripted transport as to a server without a table of outcomes: whatever it is sent makes a message, as often as it is sent.
 * The server within is handed each transmission under an id of its own, and clients hear the ids they know.
 */
import type { Transport } from '../../src/ports/transport.js'
import type { ClientFrame } from '../../src/protocol/frames.js'

const features = ['dense', 'index', 'echo', 'after', 'receipts', 'typing', 'inbox']

/** `declared`: what it claims besides. */
export function forgetful(within: Transport, declared: readonly string[] = []): Transport {
  let n = 0
  const told = <Frame>(frame: Frame): Frame =>
    JSON.parse(JSON.stringify(frame), (key, value) =>
      key === 'features' ? [...features, ...declared] : key === 'localId' ? value.split('#')[0] : value,
    )
  const asked = (frame: ClientFrame): ClientFrame => {
    if (frame.type !== 'operation') return frame
    const { operation } = frame
    return {
      ...frame,
      localId: `${frame.localId}#${++n}`,
      after: undefined,
      operation: operation.kind === 'void' ? { kind: 'unknown', raw: operation } : operation,
    }
  }
  return {
    name: within.name,
    open(to) {
      const link = within.open({ ...to, frame: (frame) => to.frame(told(frame)) })
      return { close: () => link.close(), send: (frame) => link.send(asked(frame)) }
    },
  }
}
