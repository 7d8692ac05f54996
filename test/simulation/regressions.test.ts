/**
 * Histories that once broke an invariant, each named by what was wrong. A seed means the same history only as long as the world draws
 * the same, so each has a directed test beside the file that was mended too; here it guards the whole.
 */
import { describe, expect, it } from 'vitest'
import { runHistory } from '../../src/testing/world/history.js'

const ofOneNode: readonly (readonly [seed: number, what: string])[] = [
  [5, 'an entry that was tried again in a conversation that is gone was queued for ever'],
  [6, 'a conversation that was being read when its rows moved to memory was loading for ever'],
  [29, 'a lane that was adopted went before what was in flight, and more than a window of it was'],
  [145, 'logout said that a disk was wiped for which memory stood in'],
  [369, 'what was asked for again after a reset went beside what was in flight behind it, more than a window'],
  [437, 'one that had failed went, taken back, beside a whole window of what was in flight behind it'],
  [560, 'a message that was taken back while memory stood in for its disk was sent when the disk came back'],
  [1554, 'tried again while the disk failed, a row left the disk before its message was stored'],
  [1835, 'logout did not give back what a living tab had stored after its lane was adopted: without locks every lane counts as free'],
  [1899, 'a change not yet written was taken for stored by a tab of another line that had come further under the same epoch'],
  [602792, 'a stored message whose newer state was damaged was shown as it had been before'],
  [604280, 'a watermark that came before the first answer was told under an empty epoch, and outlived the log it was of'],
  [601167, 'conversations that had to be held together stayed beyond the cap when they no longer had to be'],
  [6990638, 'a watermark that one tab alone had heard of was in no cache, and was lower when its conversation was read again'],
  [5990017, 'the oracle took for a cursor that went back what a tab wrote anew after another had cleared it for the cap'],
  [5990485, 'the door refused for good what it had let in before, and it landed'],
  [6990852, 'the oracle held what was tried again to its new place when that had not been stored before the browser was killed'],
  [3465, 'a page with a state from above the head was shown, and a restored backup took that state back'],
  [3000231, 'the oracle asked of a tab that was told late that its line went back to keep what another had stored of it'],
  [5100001829, 'the oracle read on no more when the link had ended for a better way'],
  [
    4200000019,
    'a mark of unread that a restored backup had lost, and another tab told of again, was not counted where not all of it was held',
  ],
  [4300000927, 'a session whose attempt hung for 15 s then waited for the longest time there is, and was back only after the bound'],
  [4500006255, 'a device whose clock stood before 1970 could open no chat'],
  [7400466, 'the oracle held watermarks against those of a line that the tab had left and was told so'],
  [7401351, 'the oracle held what was tried again to its new place where another tab without locks had it at its old one'],
  [
    5100017363,
    'the oracle held to its order what a new tab had found on the disk and in its first answer, a restored backup took back and a crash returned',
  ],
  [5310009565, 'the oracle asked a logout for what a tab had stored that was opened between its two commits'],
  [5500000213, 'a state held from above the head was not stored when the head came to it, where another tab had stored the one before'],
  [6100006076, 'the oracle asked a logout for what a tab had stored that opened between its two commits, and had closed since'],
  [6100002381, 'the oracle held a tab that had let a conversation go to the watermarks of a member who was removed'],
  [6300013636, 'the oracle took what a tab had adopted and taken back for something that it still had to send'],
  [6400028544, 'the oracle held what was sent before an entry that was taken back and tried again to what stood behind it'],
  [
    6720002593,
    'the oracle held what was adopted, refused and tried again to its new place, while the tab before still sent it at its old one',
  ],
  [6400037845, 'a logout wiped what another tab had stored, though it could not read it'],
  [
    6810000380,
    'a user who was removed saw the conversation in the list for ever: it was refused in the turn in which it gave way to another',
  ],
  [6810001249, 'the same, of a conversation that was listed as something was sent there'],
  [6810000580, 'a backup restored under the server knew of a member whose list heard of nothing new'],
  [6810000693, 'the same, of a conversation of several'],
  [6800000360, 'the same, of the conversation of all'],
]

const ofTwoNodes: readonly (readonly [seed: number, what: string])[] = [
  [6, 'an adopted entry that had landed long ago let what stood behind it go past what was refused before it'],
  [39, 'an entry that two tabs had tried again was two when the lanes of both were adopted at once'],
  [820, 'a read above a head that the server had covered already waited for ever'],
  [1439, 'a link that was answered from an earlier state than another was told of a change behind a hole'],
  [43, 'a node that had missed changes told a message in a state from after its change'],
  [542, 'who had asked already when told of a head alone heard nothing more until the next change'],
  [600301, 'what was said while its reader was away counted as unread below a mark'],
  [602774, 'conversations of an adopted lane stayed beyond the cap'],
  [720634, 'a removal was told ahead of the cursor of the list, and a restored backup that undid it was not heard of'],
  [1200293, 'a message that was taken back when its disk was lost was found there again and sent'],
  [1201940, 'what was hidden inside a log as it was held was missing without a gap when a return opened the past'],
  [1201644, 'the oracle let the bus fall silent before a node had found out that its store was another'],
  [1201775, 'the oracle held watermarks of a conversation that was let go against a store that had lost them'],
  [1212910, 'watermarks that one tab alone had heard of were lost where another had stored the same log before it'],
  [1213373, 'the oracle asked for a watermark of who had joined, which no frame tells'],
  [1203791, 'a server that lagged told of a message that its reader could not see'],
  [882, 'the oracle took for hidden what a member who came back was told in an answer that ended before the return'],
  [1074, 'what had failed later stood before what had failed earlier, where it had been sent before it'],
  [2993378151, 'a server that lagged told of a message in an earlier state, which was stored over the later one'],
  [1204868, 'a tab went on with what another had stored of a line that was over, where both shared the newest message'],
  [586, 'a tab took the link by force again at once: a holder that had not heard of the first time said there was no pause'],
  [2993378631, 'what was acknowledged under a new epoch before its reset, and is in no log, waited for its deadline and a pause'],
  [5100000489, 'what another tab had sent was shown as on its way for ever where the log held there began behind it'],
  [2993378054, 'a watermark heard behind what another tab had stored was let go from memory unwritten'],
  [2993378151, 'an answer with an old row was written over a newer state that was stored and not in memory'],
  [4300002014, 'the oracle let a node that was down as all healed come back as an older build, over which a long queue goes one by one'],
  [4500003680, 'a device whose clock stood before 1970 could open no chat'],
  [4000000677, 'the oracle asked for a stored message where a tab was told late that its line went back'],
  [5100004256, 'what a link had not answered in time waited on after that link had ended, and was sent only after the bound'],
  [5100014848, 'the oracle killed a tab in the midst of its own logout, and asked another one for what that had to give back'],
  [6200007526, 'the oracle promised the order of what a tab had adopted and settled in one step, after a backup had taken it'],
  [
    6400001155,
    'the oracle held what was sent behind an entry that was tried again to what stood before it, where the server had it as taken back',
  ],
  [
    6810000510,
    'a user who was removed saw the conversation in the list for ever: it was refused in the turn in which it gave way to another',
  ],
  [6800000342, 'the same, of a conversation of few'],
]

const withFastPath: readonly (readonly [seed: number, what: string])[] = [
  [
    113,
    'a message that the final log had told of, which the client had not taken in, was withdrawn by the next link while that log was away',
  ],
  [4300000123, 'a device that had slept took an earlier answer of the final log for one to what was overdue when it woke'],
  [4200000746, 'the oracle asked of a member who was removed to keep what the final log had told beyond a hole'],
  [4200000747, 'a tab that woke heard what had waited behind the frame at which it left its link'],
  [4400000209, 'the final path was refused for good after all had healed, and left alone while the fast path carried'],
  [
    4500000668,
    'a final path that hung for 15 s while it opened then rested for the longest time there is: what it lacked was withdrawn after the bound',
  ],
  [4500005224, 'an answer of the final log that ended where what had come live goes on left what it lacked shown for ever'],
  [892047, 'the oracle asked for a message that had come behind a hole, where its reader was removed before the hole was filled'],
  [
    4700003134,
    'the oracle held what was sent behind what was tried again to what was sent before it, where another tab without locks had landed that',
  ],
  [4700004718, 'the oracle held a message that was withdrawn to be told of before, where both came in one moment'],
  [4700004789, 'the oracle held a correction to the order in which messages came, where the first stood in a log that was over by then'],
  [4700006821, 'a final path whose attempt hung for 15 s then rested for the longest time there is, and was back only after the bound'],
  [4700007696, 'the oracle held a correction to the order in which messages came while their reader was no member'],
  [4800000065, 'what the final log had told in an answer that came late stayed shown ahead, as the next answer began behind it'],
  [4600010650, 'the same, where the late answer was overtaken by a reset'],
  [4500004923, 'the oracle held a correction to the order in which rows had stood before their conversation was let go from memory'],
  [5100011995, 'a message was said to be corrected that an answer with a hole had left out, and that stood in the log as it was shown'],
  [6600002484, 'the oracle took for a hole what came next, as a head that had been told of already made it forget a later answer'],
  [5400001521, 'the oracle looked for a message in what a tab that was behind had written after the cap had taken it'],
  [6810000693, 'a backup restored under the server knew of a member whose list heard of nothing new'],
]

const withSharedFastPath: readonly (readonly [seed: number, what: string])[] = [
  [5300000094, 'what another tab had taken back stayed shown, as its acknowledgement was taken for one of this tab'],
  [5300021355, 'the oracle asked for the place on a new line of what was settled in the same step on the one before'],
  [5300042341, 'the oracle held the disk to what a logout had taken that was told that it had failed'],
  [5600001898, 'the oracle held the disk to what a frozen tab had there when a logout that was told of a failure took it'],
  [5800000194, 'what another tab’s link brought before this tab was answered stayed shown, as the answer began behind it'],
  [6400009676, 'a refusal that was on its way when all healed left the final path alone, while the fast path carried'],
  [6400015314, 'a member who had come back was told a new state of what was said without them'],
  [6400053383, 'the final log refused for good, and the fast path carried on for ever without it'],
  [5300001768, 'what the log holds behind its newest page stayed shown, as it was acknowledged to another tab'],
  [6810000580, 'a backup restored under the server knew of a member whose list heard of nothing new'],
  [6810000380, 'a conversation that was refused in the turn in which it gave way to another stayed in the list'],
]

describe('what once failed (L1–L11)', () => {
  it.each(ofOneNode)('seed %i, one node: %s', async (seed) => {
    expect((await runHistory({ seed, nodes: 1, fast: false })).breach).toBeNull()
  })

  it.each(ofTwoNodes)('seed %i, two nodes: %s', async (seed) => {
    expect((await runHistory({ seed, nodes: 2, fast: false })).breach).toBeNull()
  })

  it.each(withFastPath)('seed %i, with a fast path: %s', async (seed) => {
    expect((await runHistory({ seed, fast: true })).breach).toBeNull()
  })

  it.each(withSharedFastPath)('seed %i, with a fast path that tabs share: %s', async (seed) => {
    expect((await runHistory({ seed, fast: 'shared' })).breach).toBeNull()
  })
})
