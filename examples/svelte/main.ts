/** A chat page with Svelte. */
import { createChat } from 'chatloom'
import { indexedDbStorage } from 'chatloom/indexeddb'
import { webSocketTransport } from 'chatloom/websocket'
import { mount } from 'svelte'
import App from './App.svelte'
import '../style.css'

const user = new URLSearchParams(location.search).get('user') ?? 'ana'
const chat = createChat({
  user,
  transport: webSocketTransport({ url: `ws://${location.host}/ws`, token: user }),
  storage: indexedDbStorage({ name: 'example' }),
})

mount(App, { target: document.querySelector('#app') as HTMLElement, props: { chat } })
chat.connect()
