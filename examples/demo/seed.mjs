/** Who is in the demo and what they have said already. Idempotent: every start runs it. */
const people = ['ana', 'ben', 'cleo']

/** True for a name that may sign in. */
export const isPerson = (name) => people.includes(name)

const conversations = [
  { id: 'ana-ben', members: ['ana', 'ben'], profile: { members: ['ana', 'ben'] } },
  { id: 'ana-cleo', members: ['ana', 'cleo'], profile: { members: ['ana', 'cleo'] } },
  { id: 'ben-cleo', members: ['ben', 'cleo'], profile: { members: ['ben', 'cleo'] } },
  { id: 'logbook', members: people, profile: { title: 'Ship’s log', members: people } },
  { id: 'launch', members: ['ana', 'ben'], profile: { title: 'Launch plan', members: ['ana', 'ben'] } },
]

const said = {
  'ana-ben': [
    ['ben', 'Did you see the new onboarding numbers?'],
    ['ana', 'Not yet. Good or bad?'],
    ['ben', 'Good! Twice as many people finish it now.'],
    ['ana', 'Then the shorter text was worth it'],
  ],
  'ana-cleo': [
    ['cleo', 'I put the draft of the announcement in your folder.'],
    ['cleo', 'Could you look at the second paragraph? It still sounds like a press release.'],
  ],
  'ben-cleo': [
    ['cleo', 'The tunnel on line 4 is a great test bench, by the way.'],
    ['ben', 'Ha. Ninety seconds without a signal, twice a day.'],
    ['cleo', 'And not one message lost so far.'],
  ],
  launch: [
    ['ben', 'Morning! Eight days to go. Here is what is still open: the pricing page, the status page, and a name for the mascot.'],
    ['ana', 'Pricing page is in review. I expect it today.'],
    ['ana', 'Status page is up, but nobody has tried it with the server really down.'],
    ['ben', 'I can pull the plug this afternoon 😈'],
    ['ana', 'Please tell me before, not after.'],
    ['ben', 'Deal.'],
    ['ana', 'And the mascot?'],
    ['ben', 'Three votes for “Shuttle”, one for “Bob”.'],
    ['ben', 'Bob has my vote, and I stand by it.'],
  ],
}

const weather = ['clear', 'hazy', 'light rain', 'overcast', 'fog until noon', 'gusts from the west']
const events = [
  'All well.',
  'Passed a freighter bound south.',
  'Mended the fore sail.',
  'Dolphins on the port side!',
  'Coffee is running low.',
  'Took a bearing on the lighthouse; we are where we thought we were.',
  'Changed course by four degrees.',
]

/** A long history, so that there is something to scroll back to. */
function logbook() {
  return Array.from({ length: 500 }, (_, i) => {
    const author = people[Math.floor(i / 3) % people.length]
    return [
      author,
      `Entry ${i + 1}. ${weather[(i * 7) % weather.length]}, ${8 + ((i * 5) % 15)} knots. ${events[(i * 11) % events.length]}`,
    ]
  })
}

/** Makes the demo's conversations and what was said in them. */
export async function seed(chat) {
  for (const conversation of conversations) await chat.conversations.put(conversation)
  for (const [conversation, lines] of Object.entries({ logbook: logbook(), ...said })) {
    // Placed in the order of the calls; one turn's calls are one transaction.
    await Promise.all(
      lines.map(([author, text], i) => chat.post({ id: `seed-${conversation}-${i}`, conversation, author, content: { text } })),
    )
  }
}
