import { expect, it } from 'vitest'
import { createChat } from '../index.js'
import { blankDetails, blankInbox, blankSession, blankView } from './blank.js'

it('equals what a chat shows before anything was read or received', () => {
  const chat = createChat({ user: 'ana', transport: { name: 'none', open: () => ({ send: () => {}, close: () => {} }) } })
  const talk = chat.conversation('a')
  expect({ session: chat.session.get(), inbox: chat.inbox.get() }).toEqual({ session: blankSession, inbox: blankInbox })
  expect({ view: talk.timeline.get(), details: talk.details.get() }).toEqual({ view: blankView, details: blankDetails })
})
