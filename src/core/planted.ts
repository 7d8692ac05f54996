/**
 * Planted bugs: each breaks one rule, to prove that a test of that rule can fail. The build replaces every `planted.x` by
 * `undefined`, so that none of them is in what ships; tests set the global.
 * @internal
 */
export interface Faults {
  readonly applyOverHole?: boolean
  readonly fromUnchecked?: boolean
  readonly olderRevWins?: boolean
  readonly staleEpochMarks?: boolean
  readonly marksLowered?: boolean
  readonly ackShownInPlace?: boolean
  readonly pendingLostOnReset?: boolean
  readonly cursorApart?: boolean
  readonly outboxRowFirst?: boolean
  readonly queuedBeforeWrite?: boolean
  readonly afterIgnored?: boolean
  readonly expectIgnored?: boolean
  readonly freshInFront?: boolean
  readonly staleRowsClean?: boolean
  readonly denseUnchecked?: boolean
  readonly rowsKeptOnReset?: boolean
  readonly patchesDropped?: boolean
  readonly ownUnread?: boolean
  readonly windowUnbounded?: boolean
  readonly hasty?: boolean
  readonly strandedQueued?: boolean
  readonly movedUnread?: boolean
  readonly settledStays?: boolean
  readonly memoryWiped?: boolean
  readonly wipeForgotten?: boolean
  readonly lanesKept?: boolean
  readonly linkKept?: boolean
  readonly timerKept?: boolean
  readonly mixedContent?: boolean
  readonly droppedAtDeadline?: boolean
  readonly rejectDrops?: boolean
  readonly pendingReversed?: boolean
  readonly pendingInFront?: boolean
  readonly keyChanged?: boolean
  readonly authorForged?: boolean
  readonly readClaimed?: boolean
  readonly gapsHidden?: boolean
  readonly firstUnreadLost?: boolean
  readonly steadyBackoff?: boolean
  readonly withdrawnKept?: boolean
  readonly hastyForce?: boolean
  readonly overForgotten?: boolean
  readonly endUntold?: boolean
  readonly fastMixed?: boolean
  readonly fastAckTaken?: boolean
}

/**
 * Of every floor that has some.
 * @internal
 */
declare global {
  interface Planted extends Faults {}
  var planted: Planted
}
