/** The bus in one process, and the names of topics. */
import { expect, it } from 'vitest'
import { inProcessBus, topicOf, topicOfUser } from './bus.js'

it('hands a hint to all who hear its topic, until they stop', async () => {
  const bus = inProcessBus()
  const heard: string[] = []
  const hear = (hint: string) => void heard.push(hint)
  const ends = [bus.subscribe('a', hear), bus.subscribe('a', hear), bus.subscribe('b', (hint) => heard.push(`b ${hint}`))]
  bus.publish('a', '1')
  bus.publish('b', '2')
  ends[0]?.()
  bus.publish('a', '3')
  ends[1]?.()
  ends[1]?.()
  bus.publish('a', '4')
  expect(heard).toEqual(['1', '1', 'b 2', '3'])
  await bus.close()
  bus.publish('b', '5')
  expect(heard).toHaveLength(4)
})

it('gives every conversation and user a topic of its own, in letters that any bus can carry', () => {
  const ids = ['a', 'a.b', 'a b', 'ä', '語', '*', '>', 'a%2Eb', "(!~')", '']
  const topics = ids.flatMap((tenant) => ids.flatMap((id) => [topicOf({ tenant, conversation: id }), topicOfUser(tenant, id)]))
  expect(new Set(topics).size).toBe(topics.length)
  for (const topic of topics) expect(topic).toMatch(/^[cu]\.[\w%-]*\.[\w%-]*$/)
  expect(topicOf({ tenant: '', conversation: '語'.repeat(128) }).length).toBeLessThanOrEqual(2_400)
})
