/** What comes of a link that was left. */
import { expect, it } from 'vitest'
import type { Caller } from './door.js'
import { chanceOf } from './chance.js'
import { journal } from './journal.js'
import { openLink } from './link.js'
import { newLife } from './mortal.js'
import { truthOf } from './oracle/truth.js'
import { planOf } from './plan.js'
import { timeOf } from './time.js'

it('a tab that wakes and leaves its link hears nothing more of it but that it closed', async () => {
  const time = timeOf(1)
  const told = journal(false)
  const life = newLife(time.beat)
  const heard: string[] = []
  let server: Caller | undefined
  const parts = {
    ...{ time, journal: told, life, chance: chanceOf(1), truth: truthOf(told, () => undefined), said: new Map() },
    ...{ plan: { ...planOf(1), latencyMs: 0, jitterMs: 0, isText: false }, stormy: () => false, relay: undefined },
    ...{ user: 'ann', name: 'ann01', sent() {} },
    server: {
      isUp: () => true,
      enter(caller: Caller) {
        server = caller
        return { receive() {}, gone() {} }
      },
    },
  }
  const { link, isOpen } = openLink(
    parts,
    {
      opened() {},
      frame({ type }) {
        heard.push(type)
        link.close()
      },
      closed: ({ code }) => heard.push(code),
    },
    () => 0,
  )
  await time.pass(10)
  life.freeze()
  for (const n of [1, 2]) server?.send([{ type: 'pong', n, heads: [] }])
  await time.pass(10)
  life.thaw()
  expect([heard, isOpen()]).toEqual([['pong'], false])
  await time.pass(10)
  expect(heard).toEqual(['pong', 'closed'])
})
