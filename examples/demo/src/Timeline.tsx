/** What was said: days, the line of what was not read, history on scroll, and the way back to the newest. */
import type { Message } from 'chatloom'
import type { ConversationState } from 'chatloom/react'
import { Fragment, type ReactElement, useEffect, useLayoutEffect, useRef, useState } from 'react'
import { Bubble } from './Bubble.js'
import type { Content } from './chats.js'
import { dayOf } from './names.js'
import { useAnchoredScroll } from './useAnchoredScroll.js'

type Talk = ConversationState<Content>

export function Timeline({ talk }: { readonly talk: Talk }): ReactElement {
  const { messages, hasOlder, atLatest, state, retry, discard } = talk
  const { box, atEnd, onScroll, toEnd } = useAnchoredScroll(talk)
  const divider = useDivider(talk, atEnd)
  useReading(talk, atEnd)
  const last = messages[messages.length - 1]

  // One's own words are always looked at.
  const own = last?.mine ? last.key : undefined
  const firstOwn = useRef(own)
  useEffect(() => {
    if (own !== undefined && own !== firstOwn.current) toEnd()
    firstOwn.current = own
  }, [own, toEnd])

  const jump = async (): Promise<void> => {
    if (!atLatest) await talk.jumpToLatest()
    toEnd()
  }

  return (
    <div className="timeline">
      <div className="scroll" ref={box} onScroll={onScroll} data-state={state}>
        <div className="edge">{hasOlder ? <span className="spinner" /> : messages.length > 0 && 'This is where it began.'}</div>
        {state === 'loading' && messages.length === 0 && <div className="edge">Loading…</div>}
        {messages.map((message, i) => (
          <Fragment key={message.key}>
            {beginsDay(message, messages[i - 1]) && (
              <div className="day">
                <span>{dayOf(message.at)}</span>
              </div>
            )}
            {message.key === divider && (
              <div className="unread">
                <span>New messages</span>
              </div>
            )}
            <Bubble message={message} head={beginsGroup(message, messages[i - 1])} retry={retry} discard={discard} />
          </Fragment>
        ))}
      </div>
      {(!atEnd || !atLatest) && messages.length > 0 && (
        <button type="button" className="latest" onClick={() => void jump()} aria-label="Jump to the newest message">
          ↓{talk.firstUnread !== undefined && <i />}
        </button>
      )}
    </div>
  )
}

const beginsDay = (message: Message, before: Message | undefined): boolean => !before || dayOf(before.at) !== dayOf(message.at)

const beginsGroup = (message: Message, before: Message | undefined): boolean =>
  !before || before.author !== message.author || message.at - before.at > 5 * 60_000

/** Drawn where one came in, or where one looked away; it stays while one reads on, and goes when one answers. */
function useDivider({ firstUnread, messages }: Talk, atEnd: boolean): string | undefined {
  const [line, setLine] = useState<string>()
  const entered = useRef(false)
  const last = messages[messages.length - 1]
  const answered = last?.mine === true && atEnd
  useLayoutEffect(() => {
    if (last === undefined) return
    const lookedAway = !entered.current || !atEnd || document.visibilityState === 'hidden'
    entered.current = true
    if (answered) setLine(undefined)
    else if (lookedAway && firstUnread !== undefined) setLine((now) => now ?? firstUnread)
  }, [firstUnread, answered, atEnd, last])
  return line
}

/** Who sees the end of the conversation has read it; also when the page becomes visible again. */
function useReading({ messages, atLatest, markRead }: Talk, atEnd: boolean): void {
  const newest = messages.findLast((message) => !message.mine)?.key
  useEffect(() => {
    if (!atEnd || !atLatest || newest === undefined) return
    markRead()
    document.addEventListener('visibilitychange', markRead)
    return () => document.removeEventListener('visibilitychange', markRead)
  }, [atEnd, atLatest, newest, markRead])
}
