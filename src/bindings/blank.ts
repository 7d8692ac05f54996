/**
 * What a chat shows before anything was read or received. Servers render this and pages are taken over with it, whatever
 * the device's cache holds by then: markup and first render are equal. A test holds it equal to what a new chat says.
 */
import type { Details, Inbox, Session, View } from '../client/api.js'

export const blankView: View<never> = { messages: [], gaps: [], hasOlder: false, hasNewer: false, atLatest: true, state: 'loading' }
export const blankDetails: Details = { profile: {}, members: [], memberCount: 0, people: new Map(), marks: new Map() }
export const blankInbox: Inbox<never> = { items: [], hasMore: false, unread: 0, unreadMore: false, state: 'loading' }
export const blankSession: Session = { phase: 'idle' }
