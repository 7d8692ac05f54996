/** How people, conversations and times are called on the page. */
import type { Profile } from 'chatloom'

const hues: Record<string, number> = { ana: 262, ben: 172, cleo: 24 }

/** `ana` → `Ana`: in the demo a user's id is the name. */
export const nameOf = (user: string): string => user.charAt(0).toUpperCase() + user.slice(1)

/** A colour's hue, in degrees, that a user keeps. */
export const hueOf = (user: string): number => hues[user] ?? [...user].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) % 360, 7)

/** A group has a title; a direct conversation is called after the other one. */
export function titleOf(profile: Profile, me: string): string {
  if (typeof profile.title === 'string') return profile.title
  const other = membersOf(profile).find((user) => user !== me)
  return other ? nameOf(other) : '…'
}

export const membersOf = (profile: Profile): readonly string[] =>
  Array.isArray(profile.members) ? profile.members.filter((user) => typeof user === 'string') : []

const clock = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' })
const date = new Intl.DateTimeFormat(undefined, { weekday: 'long', day: 'numeric', month: 'long' })

export const timeOf = (at: number): string => clock.format(at)

export function dayOf(at: number): string {
  return new Date(at).toDateString() === new Date().toDateString() ? 'Today' : date.format(at)
}
