/** What an own message is said to have come to, held against the watermarks of the others (R23). */
import type { Message, MessageStatus } from '../../../client/api.js'
import type { Content } from '../tab.js'
import type { Say, Shown } from './seen.js'
import type { Line, Truth } from './truth.js'

interface Other {
  readonly joined: number
  readonly delivered: number
  readonly read: number
}

const none = { delivered: 0, read: 0 }
const steps: readonly MessageStatus[] = ['sent', 'delivered', 'read']

/** As far as all of these are who were in before it. Asked of every message that is shown: it makes nothing. */
function statusDue(seq: number, others: readonly Other[]): MessageStatus {
  let counted = 0
  let delivered = Number.POSITIVE_INFINITY
  let read = Number.POSITIVE_INFINITY
  for (const other of others) {
    if (other.joined >= seq) continue
    counted += 1
    delivered = Math.min(delivered, other.delivered)
    read = Math.min(read, other.read)
  }
  if (counted === 0) return 'sent'
  if (read >= seq) return 'read'
  return delivered >= seq ? 'delivered' : 'sent'
}

/** Those who are members to the end of a line, with the watermarks that somebody knows. */
function othersOf({ stints }: Line, user: string, markOf: (user: string) => Omit<Other, 'joined'> | undefined): Other[] {
  const others: Other[] = []
  for (const [who, all] of stints) {
    const last = all[all.length - 1]
    if (who !== user && last?.left === Number.POSITIVE_INFINITY) others.push(otherOf(last.joined, markOf(who)))
  }
  return others
}

const otherOf = (joined: number, { delivered, read } = none): Other => ({ joined, delivered, read })

/** What this client has heard of the others, and never more than what they have ever told. */
export function checkStatus(truth: Truth, line: Line, shown: Shown, confirmed: readonly Message<Content>[], say: Say): void {
  const { room, user, at, receipts } = shown
  const heard: Other[] = []
  for (const each of at.members) if (each.user !== user) heard.push(otherOf(each.joined, receipts.marks.get(each.user)))
  const told = othersOf(line, user, (who) => truth.highest(room, at.epoch, who))
  const firstJoined = Math.min(...told.map(({ joined }) => joined))
  for (const { seq = 0, mine, status } of confirmed) {
    const due = mine ? statusDue(seq, heard) : 'sent'
    if (status !== due) return say('status-true', `${seq} is ${status}, but as far as is heard it is ${due}`)
    // It is said of everything, and never too much.
    if (status === 'sent') continue
    // Who is in since later counts for none of before: the others that counted then are gone.
    const most = firstJoined < seq ? statusDue(seq, told) : 'read'
    if (steps.indexOf(status) > steps.indexOf(most)) return say('status-true', `${seq} is ${status}, but no more than ${most}`)
  }
}
