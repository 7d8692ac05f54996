/** A chat page with Vue. */
import { createChat } from 'chatloom'
import { indexedDbStorage } from 'chatloom/indexeddb'
import { chatPlugin } from 'chatloom/vue'
import { webSocketTransport } from 'chatloom/websocket'
import { createApp } from 'vue'
import ChatPage from './ChatPage.vue'
import '../style.css'

const user = new URLSearchParams(location.search).get('user') ?? 'ana'
const chat = createChat({
  user,
  transport: webSocketTransport({ url: `ws://${location.host}/ws`, token: user }),
  storage: indexedDbStorage({ name: 'example' }),
})

createApp(ChatPage).use(chatPlugin(chat)).mount('#app')
chat.connect()
