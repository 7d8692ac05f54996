/**
 * Emits the JavaScript of every subpath; `tsc -p tsconfig.build.json` emits the types.
 * One build, so that subpaths share chunks. Dependencies and peers stay imports: a package bundled here could not be deduplicated by the application.
 */
import { defineConfig } from 'tsup'
import type { Faults as ClientFaults } from './src/core/planted.js'
import type { Faults as ServerFaults } from './src/server/planted.js'

/** Bugs that only tests turn: gone from what is built. One forgotten here does not compile. */
const planted: Record<keyof ClientFaults | keyof ServerFaults, 'undefined'> = {
  applyOverHole: 'undefined',
  fromUnchecked: 'undefined',
  olderRevWins: 'undefined',
  staleEpochMarks: 'undefined',
  marksLowered: 'undefined',
  ackShownInPlace: 'undefined',
  pendingLostOnReset: 'undefined',
  cursorApart: 'undefined',
  outboxRowFirst: 'undefined',
  queuedBeforeWrite: 'undefined',
  afterIgnored: 'undefined',
  expectIgnored: 'undefined',
  freshInFront: 'undefined',
  staleRowsClean: 'undefined',
  denseUnchecked: 'undefined',
  rowsKeptOnReset: 'undefined',
  patchesDropped: 'undefined',
  ownUnread: 'undefined',
  windowUnbounded: 'undefined',
  hasty: 'undefined',
  strandedQueued: 'undefined',
  movedUnread: 'undefined',
  settledStays: 'undefined',
  memoryWiped: 'undefined',
  wipeForgotten: 'undefined',
  lanesKept: 'undefined',
  linkKept: 'undefined',
  timerKept: 'undefined',
  mixedContent: 'undefined',
  droppedAtDeadline: 'undefined',
  rejectDrops: 'undefined',
  ackBeforeCommit: 'undefined',
  ignoreAfter: 'undefined',
  hintTrusted: 'undefined',
  headsUnchecked: 'undefined',
  noDedupe: 'undefined',
  staleReceipts: 'undefined',
  lowerMarks: 'undefined',
  skipSeq: 'undefined',
  skipIndex: 'undefined',
  oldRev: 'undefined',
  epochIgnored: 'undefined',
  rowLost: 'undefined',
  toldAfterRemoval: 'undefined',
  rowForgotten: 'undefined',
  pendingReversed: 'undefined',
  pendingInFront: 'undefined',
  keyChanged: 'undefined',
  authorForged: 'undefined',
  readClaimed: 'undefined',
  gapsHidden: 'undefined',
  firstUnreadLost: 'undefined',
  steadyBackoff: 'undefined',
  withdrawnKept: 'undefined',
  hastyForce: 'undefined',
  overForgotten: 'undefined',
  endUntold: 'undefined',
  fastMixed: 'undefined',
  fastAckTaken: 'undefined',
}

/** What must stand on the first line of an entry, which bundling loses. */
const firstLines: Record<string, string> = {
  'src/cli/main.ts': '#!/usr/bin/env node',
  'src/react/index.ts': "'use client';",
}

export default defineConfig({
  entry: {
    index: 'src/index.ts',
    'transports/websocket/index': 'src/transports/websocket/index.ts',
    'transports/sse/index': 'src/transports/sse/index.ts',
    'transports/fallback/index': 'src/transports/fallback/index.ts',
    'transports/shared/index': 'src/transports/shared/index.ts',
    'transports/finality/index': 'src/transports/finality/index.ts',
    'transports/mock/index': 'src/transports/mock/index.ts',
    'storage/indexeddb/index': 'src/storage/indexeddb/index.ts',
    'react/index': 'src/react/index.ts',
    'vue/index': 'src/vue/index.ts',
    'svelte/index': 'src/svelte/index.ts',
    'server/index': 'src/server/index.ts',
    'testing/index': 'src/testing/index.ts',
    cli: 'src/cli/main.ts',
  },
  format: 'esm',
  target: 'es2022',
  platform: 'neutral',
  external: [/^node:/],
  splitting: true,
  treeshake: false,
  // Constants of another file are written where they are used; names and lines stay.
  minifySyntax: true,
  dts: false,
  removeNodeProtocol: false,
  define: Object.fromEntries(Object.entries(planted).map(([name, value]) => [`planted.${name}`, value])),
  clean: true,
  plugins: [
    {
      name: 'first-lines',
      renderChunk(code, chunk) {
        const first = firstLines[chunk.entryPoint ?? '']
        if (first === undefined) return undefined
        if (first.startsWith('#!')) chunk.mode = 0o755
        return code.startsWith(first.slice(0, -1)) ? undefined : { code: `${first}\n${code}` }
      },
    },
  ],
})
