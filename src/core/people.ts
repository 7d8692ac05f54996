/** Profiles by user, as the server names them (R25). Bounded: the oldest learnt goes first. */
import type { Person } from '../protocol/frames.js'
import { bounds } from './timing.js'
import type { Turn } from './turn.js'

export function learnPeople(turn: Turn, people: readonly Person[]): void {
  if (people.length === 0) return
  const known = turn.state.people
  const news = people.filter((person) => !same(known.get(person.user), person.profile))
  if (news.length === 0) return
  const next = new Map(known)
  for (const { user, profile } of news) next.set(user, profile)
  for (const user of next.keys()) {
    if (next.size <= bounds.people) break
    next.delete(user)
  }
  turn.state.people = next
}

function same(known: unknown, profile: unknown): boolean {
  return known !== undefined && JSON.stringify(known) === JSON.stringify(profile)
}
