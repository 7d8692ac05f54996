/** A chat page without a framework: a Readable is subscribed to, and the page drawn again. */
import { createChat } from 'chatloom'
import { indexedDbStorage } from 'chatloom/indexeddb'
import { webSocketTransport } from 'chatloom/websocket'
import '../style.css'

const user = new URLSearchParams(location.search).get('user') ?? 'ana'
const chat = createChat<{ text: string }>({
  user,
  transport: webSocketTransport({ url: `ws://${location.host}/ws`, token: user }),
  storage: indexedDbStorage({ name: 'example' }),
})
const talk = chat.conversation('general')

const page = document.querySelector('#app') as HTMLElement
page.innerHTML = `<h1>general <small></small></h1><ol></ol><small id="typing">&nbsp;</small>
  <form><input placeholder="Message as ${user.replace(/\W/g, '')}" /><button>Send</button></form>`
const [phase, list, typing, form, input] = ['h1 small', 'ol', '#typing', 'form', 'input'].map((at) => page.querySelector(at)) as [
  HTMLElement,
  HTMLElement,
  HTMLElement,
  HTMLFormElement,
  HTMLInputElement,
]

chat.session.subscribe((session) => {
  phase.textContent = session.phase
})
talk.typing.subscribe((users) => {
  typing.textContent = users.length > 0 ? `${users.join(', ')} typing…` : '\u00a0'
})
talk.timeline.subscribe(({ messages }) => {
  list.replaceChildren(
    ...messages.toReversed().map(({ author, mine, content, status }) => {
      const item = document.createElement('li')
      const about = document.createElement('small')
      item.className = mine ? 'mine' : ''
      about.textContent = mine ? ` ${status}` : ` ${author}`
      item.append(content?.text ?? '', about)
      return item
    }),
  )
  talk.markRead()
})
input.addEventListener('input', () => talk.setTyping(input.value !== ''))
form.addEventListener('submit', (event) => {
  event.preventDefault()
  if (input.value) talk.send({ text: input.value })
  form.reset()
  talk.setTyping(false)
})
chat.connect()
