/** Every duration of the core, in one place. Milliseconds. Single constants, so that a bundler writes the number where it is used. */

/** A link must open and be welcomed within this. */
export const connectMs = 15_000
/** A link that lived this long was good: the next wait begins from the first again. */
export const goodLinkMs = 5_000
/** After a ping any frame must come within this. */
export const pongMs = 10_000
/** The same, when the page has just come back and somebody is looking. */
export const probeMs = 4_000
export const ackMs = 10_000
export const requestMs = 15_000
export const retryRequestMs = 1_000
/** Between two catch-ups that only hints ask for (R5). */
export const hintPauseMs = 1_100
/** At most one cache commit per this (R35). */
export const writeBehindMs = 150
/** What another instance stores is looked at so long after a change. */
export const lookMs = 2_000
/** The stored list is written at most once per this. */
export const storeInboxMs = 2_000
export const diskRetryMs = 1_000
export const diskRetryCapMs = 30_000
export const typingToldMs = 3_000
export const typingEndsMs = 5_000
export const typingShownMs = 6_000
/** A new link must say again within this what is on its way. */
export const aheadMs = 10_000

export const never = 1 / 0
