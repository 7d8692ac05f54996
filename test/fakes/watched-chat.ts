/** A real chat that writes down when its link or its storage is first touched. */
import { type Chat, createChat, memoryStorage } from '../../src/index.js'

export function watchedChat(): { readonly chat: Chat; readonly touched: string[] } {
  const touched: string[] = []
  const memory = memoryStorage()
  const chat = createChat({
    user: 'ana',
    transport: {
      name: 'watched',
      open: () => {
        touched.push('link')
        return { send: () => {}, close: () => {} }
      },
    },
    storage: (scope, to) => {
      touched.push('storage')
      return memory(scope, to)
    },
  })
  return { chat, touched }
}
