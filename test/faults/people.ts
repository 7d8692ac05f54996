/** Two people who talk in numbered messages, each watched at every instant. */
import { type Chat, type Clock, createChat, type Transport, type View } from '../../src/index.js'

export interface Numbered {
  readonly n: number
}

export interface Person {
  readonly chat: Chat<Numbered>
  /** Says the next so many numbers, a turn of the event loop between them. */
  say(count: number): Promise<void>
  /** Resolves when it holds; looked at whenever anything changed that users see. Rejects when this person's chat has failed. */
  until(holds: () => boolean): Promise<void>
  /** `count` messages of each author are shown, the outbox is empty, and the own have come at least so far. */
  hasAll(count: number, least: 'sent' | 'delivered'): boolean
}

export const authors = ['ann', 'bob'] as const

export function person(user: string, transport: Transport, clock: Clock): Person {
  const chat = createChat<Numbered>({ user, transport, clock })
  const talk = chat.conversation('c')
  const waits = new Set<() => void>()
  let wrong: string | undefined
  let said = 0
  const look = () => {
    for (const wait of [...waits]) wait()
  }
  const fail = (what: string) => {
    wrong ??= `${user}: ${what}`
    look()
  }
  talk.timeline.subscribe((view) => {
    const what = flawOf(view)
    if (what) fail(what)
    look()
  })
  chat.outbox.subscribe(look)
  chat.session.subscribe((session) => {
    if (session.phase === 'refused' || session.phase === 'faulted') fail(`the session is ${JSON.stringify(session)}`)
    look()
  })
  chat.on('failed', ({ error }) => fail(`a message failed: ${error.message}`))
  chat.on('fault', (error) => fail(`a fault: ${error.message}`))
  chat.on('reset', ({ why, lost }) => lost.length > 0 && fail(`messages were lost in a reset, ${why}`))
  chat.connect()
  return {
    chat,
    async say(count) {
      for (let i = 0; i < count; i++) {
        talk.send({ n: ++said })
        await new Promise((resolve) => setImmediate(resolve))
      }
    },
    until: (holds) =>
      new Promise((resolve, reject) => {
        const wait = () => {
          if (wrong) reject(new Error(wrong))
          else if (holds()) resolve()
          else return
          waits.delete(wait)
        }
        waits.add(wait)
        wait()
      }),
    hasAll(count, least) {
      const { messages } = talk.timeline.get()
      const isKnown = messages.every(({ mine, status }) => !mine || status === 'delivered' || status === least)
      return isKnown && chat.outbox.get().length === 0 && authors.every((author) => numbersOf(messages, author).length === count)
    },
  }
}

/** What no view may show, whatever fails: a row twice, places out of order, an author's numbers with a hole or out of order (L3–L6). */
export function flawOf({ messages }: View<Numbered>): string | undefined {
  const shown = () => JSON.stringify(messages.map(({ author, content, seq }) => [author, content?.n, seq]))
  if (new Set(messages.map(({ key }) => key)).size < messages.length) return `a row is shown twice: ${shown()}`
  const seqs = messages.flatMap(({ seq }) => seq ?? [])
  if (seqs.some((seq, i) => i > 0 && seq <= (seqs[i - 1] as number))) return `places are out of order: ${shown()}`
  const said = new Set(messages.map(({ author }) => author))
  const isOff = [...said].some((author) => numbersOf(messages, author).some((n, i) => n !== i + 1))
  return isOff ? `something is lost, doubled or disordered: ${shown()}` : undefined
}

function numbersOf(messages: View<Numbered>['messages'], author: string): readonly (number | undefined)[] {
  return messages.filter((message) => message.author === author).map(({ content }) => content?.n)
}
