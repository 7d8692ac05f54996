/** Every fault of the list over every transport: nothing is lost, doubled or disordered, and all is well once it is healed (L2–L6, L9). */
import { describe, expect, it } from 'vitest'
import type { Clock } from '../../src/index.js'
import { checkHistories, deliveryAuditor } from '../../src/testing/index.js'
import { type Ground, type GroundKind, grounds } from './grounds.js'
import { hurriedClock } from './hurried-clock.js'
import { authors, person } from './people.js'
import { type Script, scripts } from './scripts.js'

const [before, under, after] = [3, 12, 3]

async function run(script: Script, ground: Ground, least: GroundKind['least'], clock: Clock): Promise<void> {
  const people = authors.map((user) => person(user, ground.transportOf(user), clock))
  const auditor = deliveryAuditor()
  for (const { chat } of people) auditor.attach(chat.user, chat, ['c'])
  const everybody = (doing: (one: (typeof people)[number]) => Promise<void>) => Promise.all(people.map(doing))
  try {
    await everybody((one) => one.until(() => one.chat.conversation('c').timeline.get().state === 'ready'))
    await everybody((one) => one.say(before))
    await everybody((one) => one.until(() => one.hasAll(before, least)))

    await ground.inflict(script)
    await everybody((one) => one.say(under))
    if (script.meanwhile === 'waits') await everybody((one) => one.until(() => one.chat.session.get().phase === 'waiting'))
    await ground.fired(script)
    if (script.meanwhile === 'arrives') await everybody((one) => one.until(() => one.hasAll(before + under, script.least ?? least)))

    await ground.heal()
    await everybody((one) => one.say(after))
    await everybody((one) => one.until(() => one.hasAll(before + under + after, least) && one.chat.session.get().phase === 'online'))
    const [ann, bob] = people.map(({ chat }) => chat.conversation('c').timeline.get().messages)
    const shown = (messages: typeof ann) => messages?.map(({ author, content, seq }) => [seq, author, content?.n])
    expect(shown(ann)).toEqual(shown(bob))
    const total = authors.length * (before + under + after)
    expect(checkHistories(auditor.lines)).toMatchObject({ ok: true, clients: authors.length, sent: total, settled: total })
  } finally {
    await everybody(({ chat }) => chat.close())
  }
}

async function runOver(kind: GroundKind, script: Script, seed: number): Promise<void> {
  const clock = hurriedClock(kind.hurry, seed)
  const ground = await kind.setUp(clock)
  try {
    await run(script, ground, kind.least, clock)
  } finally {
    await ground.dispose()
  }
}

describe.each(grounds)('$name (L2–L6, L9)', (kind) => {
  for (const [index, script] of scripts.entries()) {
    const why = kind.leavesOut(script)
    if (why) console.info(`${kind.name} leaves out "${script.name}": ${why}`)
    else it(script.name, { timeout: 20_000 }, () => runOver(kind, script, index + 1))
  }
})

describe('the scripts', () => {
  // Over numbered events no client can hear what comes beyond a hole.
  const deaf = grounds.filter(({ isNumbered }) => isNumbered)
  for (const { name } of deaf) console.info(`${name} leaves out the bug of the client that holes show: an event that is lost ends the link`)

  // Which changes are lost, and whether a hole is ever seen, hangs on the sockets' own timing: one run may have no hole in it. One after
  // the other: beside each other they keep the machine so busy that hurried ways stay silent too long, and no run ends.
  const flaw = 'lost, doubled or disordered'
  const seeds = Array.from({ length: 10 }, (_, i) => i + 1)

  it.each(grounds.filter((kind) => !deaf.includes(kind)))(
    'notice over $name that a client shows what comes beyond a hole',
    async (kind) => {
      const script = scripts.find(({ name }) => name === 'changes are lost')!
      globalThis.planted = { applyOverHole: true }
      let reasons = ''
      for (const seed of seeds) {
        if (reasons.includes(flaw)) break
        await runOver(kind, script, seed).catch((error) => {
          reasons += `${error}\n`
        })
      }
      expect(reasons).toContain(flaw)
    },
  )
})
