/** The state before anything has happened. */
import { closedDisk } from './cache/disk-state.js'
import { emptyInbox } from './inbox/inbox-state.js'
import { idle } from './session-state.js'
import type { ChatState, Config } from './state.js'
import { never } from './timing.js'

export function initialState(config: Config): ChatState {
  return {
    config,
    session: idle,
    conversations: [],
    slots: new Map(),
    outbox: { entries: 0, bytes: 0, nextN: 1, settled: 0 },
    inbox: emptyInbox,
    people: new Map(),
    disk: closedDisk,
    storage: null,
    visible: true,
    counter: 0,
    wakeAtMs: never,
  }
}
