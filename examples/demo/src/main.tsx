/** The page: ana and ben side by side, or with `?user=` one of them alone. */
import { createRoot } from 'react-dom/client'
import { createPerson } from './chats.js'
import { Desk } from './Desk.js'
import './demo.css'

const known = ['ana', 'ben', 'cleo']
const asked = new URLSearchParams(location.search).get('user')
const users = asked && known.includes(asked) ? [asked] : ['ana', 'ben']
const people = users.map(createPerson)

window.chats = Object.fromEntries(people.map(({ user, chat }) => [user, chat]))

createRoot(document.getElementById('root') as HTMLElement).render(
  <>
    <header className="top">
      <h1>chatloom</h1>
      <p>
        {users.length > 1
          ? 'Two people, two clients, one server. Choose how they connect, break the network, and watch nothing get lost.'
          : 'One person in a tab of its own. Open another: all of them share one link.'}
      </p>
      <nav>
        {users.length > 1 ? (
          ['ana', 'ben'].map((user) => (
            <a key={user} href={`?user=${user}`} target="_blank" rel="noreferrer">
              {user} in a tab ↗
            </a>
          ))
        ) : (
          <a href="/">side by side</a>
        )}
      </nav>
    </header>
    <main className={users.length > 1 ? 'desks two' : 'desks'}>
      {people.map((person) => (
        <Desk key={person.user} person={person} />
      ))}
    </main>
  </>,
)
