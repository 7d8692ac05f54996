/** A chat page with React. */
import { createChat } from 'chatloom'
import { indexedDbStorage } from 'chatloom/indexeddb'
import { ChatProvider, useConversation, useSession } from 'chatloom/react'
import { webSocketTransport } from 'chatloom/websocket'
import { type FormEvent, useEffect } from 'react'
import { createRoot } from 'react-dom/client'
import '../style.css'

const user = new URLSearchParams(location.search).get('user') ?? 'ana'
const chat = createChat({
  user,
  transport: webSocketTransport({ url: `ws://${location.host}/ws`, token: user }),
  storage: indexedDbStorage({ name: 'example' }),
})

function Page() {
  const phase = useSession((session) => session.phase)
  const { messages, typing, send, setTyping, markRead } = useConversation<{ text: string }>('general')
  const last = messages.at(-1)?.key
  useEffect(() => {
    if (last) markRead()
  }, [last, markRead])

  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    const text = String(new FormData(event.currentTarget).get('text'))
    if (text) send({ text })
    event.currentTarget.reset()
    setTyping(false)
  }
  return (
    <>
      <h1>
        general <small>{phase}</small>
      </h1>
      <ol>
        {messages.toReversed().map(({ key, author, mine, content, status }) => (
          <li key={key} className={mine ? 'mine' : ''}>
            {content?.text} <small>{mine ? status : author}</small>
          </li>
        ))}
      </ol>
      <small id="typing">{typing.length > 0 ? `${typing.join(', ')} typing…` : '\u00a0'}</small>
      <form onSubmit={submit}>
        <input name="text" placeholder={`Message as ${user}`} onChange={(event) => setTyping(event.target.value !== '')} />
        <button type="submit">Send</button>
      </form>
    </>
  )
}

createRoot(document.querySelector('#app') as HTMLElement).render(
  <ChatProvider chat={chat}>
    <Page />
  </ChatProvider>,
)
chat.connect()
