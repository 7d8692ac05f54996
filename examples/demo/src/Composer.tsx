/** The line to write in. Enter sends, Shift and Enter begins a new line. */
import type { ConversationState } from 'chatloom/react'
import { type ChangeEvent, type FormEvent, type KeyboardEvent, type ReactElement, useState } from 'react'
import type { Content } from './chats.js'

type Props = Pick<ConversationState<Content>, 'send' | 'setTyping'>

export function Composer({ send, setTyping }: Props): ReactElement {
  const [text, setText] = useState('')
  const [problem, setProblem] = useState('')

  const submit = (event: FormEvent | KeyboardEvent): void => {
    event.preventDefault()
    if (text.trim() === '') return
    try {
      send({ text: text.trim() })
      setText('')
      setProblem('')
      setTyping(false)
    } catch (error) {
      setProblem(error instanceof Error ? error.message : String(error))
    }
  }
  const change = (event: ChangeEvent<HTMLTextAreaElement>): void => {
    setText(event.target.value)
    setTyping(event.target.value !== '')
  }
  const key = (event: KeyboardEvent): void => {
    if (event.key === 'Enter' && !event.shiftKey && !event.nativeEvent.isComposing) submit(event)
  }

  return (
    <form className="composer" onSubmit={submit}>
      {problem && <p role="alert">{problem}</p>}
      <textarea rows={1} value={text} onChange={change} onKeyDown={key} placeholder="Message" aria-label="Message" />
      <button type="submit" disabled={text.trim() === ''} aria-label="Send">
        <svg viewBox="0 0 20 20" aria-hidden="true">
          <path d="M3 10.5 17 3l-4.4 14-3-5.6z" />
        </svg>
      </button>
    </form>
  )
}
