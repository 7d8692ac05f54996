/** Profiles by user, as the server names them (R25). Bounded: the oldest learnt goes first. */
import type { Person } from '../protocol/frames.js'
import * as bounds from './bounds.js'
import type { Turn } from './turn.js'

export function learnPeople(turn: Turn, people: readonly Person[] = []): void {
  const known = turn.people
  const news = people.filter(({ user, profile }) => JSON.stringify(known.get(user)) !== JSON.stringify(profile))
  if (news.length === 0) return
  const next = new Map(known)
  for (const { user, profile } of news) next.set(user, profile)
  for (const user of next.keys()) {
    if (next.size <= bounds.people) break
    next.delete(user)
  }
  turn.people = next
}
