/** The direction of imports, cycles, sizes and names of everything under `src`, and proof that each check can fail. */
import { describe, expect, it } from 'vitest'
import { importCycles } from './house/cycles.js'
import { floorErrors } from './house/floors.js'
import { shapeErrors } from './house/shape.js'
import { readShipped } from './house/source.js'

const file = (path: string, text: string) => ({ path, text })

describe('the source tree', () => {
  const shipped = readShipped()

  it('has files to judge', () => expect(shipped.length).toBeGreaterThan(5))
  it('imports only downwards', () => expect(floorErrors(shipped)).toEqual([]))
  it('has no import cycle, types included', () => expect(importCycles(shipped)).toEqual([]))
  it('keeps files ≤ 400 lines, functions ≤ 70, and names that mean something', () => expect(shapeErrors(shipped)).toEqual([]))
})

describe('the check of floors', () => {
  it.each([
    ['src/protocol/a.ts', "import '../ports/clock.js'", 'src/protocol/a.ts may not import src/ports/clock.ts'],
    ['src/core/a.ts', "import type { A } from '../client/a.js'", 'src/core/a.ts may not import src/client/a.ts (type)'],
    ['src/core/a.ts', "export { a } from '../server/a.js'", 'src/core/a.ts may not import src/server/a.ts'],
    ['src/core/a.ts', "export type { a } from '../server/a.js'", 'src/core/a.ts may not import src/server/a.ts (type)'],
    ['src/core/a.ts', "type A = import('../server/a.js').A", 'src/core/a.ts may not import src/server/a.ts (type)'],
    ['src/core/a.ts', "const a = () => import('../server/a.js')", 'src/core/a.ts may not import src/server/a.ts'],
    ['src/core/a.ts', "const a = require('ws')", 'src/core/a.ts may not import ws'],
    ['src/core/a.ts', "import 'node:fs'", 'src/core/a.ts may not import node:fs'],
    ['src/client/a.ts', "import '../storage/memory/index.js'", 'src/client/a.ts may not import src/storage/memory/index.ts'],
    ['src/index.ts', "import './transports/mock/index.js'", 'src/index.ts may not import src/transports/mock/index.ts'],
    ['src/storage/a.ts', "import '../protocol/limits.js'", 'src/storage/a.ts may not import src/protocol/limits.ts'],
    ['src/transports/a.ts', "import * as z from 'zod/mini'", 'src/transports/a.ts may not import zod'],
    ['src/transports/a.ts', "import '../protocol/schemas.js'", 'src/transports/a.ts may not import src/protocol/schemas.ts'],
    ['src/react/a.ts', "import { a } from '../client/errors.js'", 'src/react/a.ts may not import src/client/errors.ts'],
    ['src/react/a.ts', "import 'vue'", 'src/react/a.ts may not import vue'],
    ['src/react/a.ts', "import 'react-dom'", 'src/react/a.ts may not import react-dom'],
    ['src/server/a.ts', "import '../core/state.js'", 'src/server/a.ts may not import src/core/state.ts'],
    ['src/server/a.ts', "import '../testing/index.js'", 'src/server/a.ts may not import src/testing/index.ts'],
    ['src/cli/a.ts', "import '../core/state.js'", 'src/cli/a.ts may not import src/core/state.ts'],
    ['src/protocol/schemas.ts', "import 'ws'", 'src/protocol/schemas.ts may not import ws'],
    ['src/odd/a.ts', '', 'src/odd/a.ts stands on no floor'],
  ])('%s: %s', (path, text, error) => expect(floorErrors([file(path, text)])).toEqual([error]))

  it.each([
    ['src/core/a.ts', "import type { A } from '../ports/clock.js'; import { b } from './b/b.js'"],
    ['src/react/a.ts', "import type { Chat } from '../client/api.js'; import { createChat } from '../index.js'; import 'react'"],
    ['src/react/a.ts', "import { type Chat } from '../client/api.js'"],
    ['src/protocol/schemas.ts', "import * as z from 'zod'"],
    ['src/server/a.ts', "import 'node:fs'; import 'zod'; import '../protocol/schemas.js'"],
    ['src/cli/a.ts', "import 'node:fs'; import '../server/index.js'; import '../testing/index.js'"],
    ['src/testing/a.ts', "import '../server/index.js'; import '../core/state.js'"],
  ])('lets pass %s: %s', (path, text) => expect(floorErrors([file(path, text)])).toEqual([]))
})

describe('the check of cycles', () => {
  it('finds a cycle made of type imports, once', () => {
    const a = file('src/core/a.ts', "import type { B } from './b.js'")
    const b = file('src/core/b.ts', "export type { C } from './c.js'")
    const c = file('src/core/c.ts', "import { a } from './a.js'")
    expect(importCycles([b, c, a])).toEqual(['src/core/a.ts → src/core/b.ts → src/core/c.ts → src/core/a.ts'])
    expect(importCycles([a, b])).toEqual([])
  })

  it('finds two cycles through one file, and none in a file that only leads to them', () => {
    const tree = [
      file('src/core/a.ts', "import './b.js'; import './c.js'"),
      file('src/core/b.ts', "import './a.js'"),
      file('src/core/c.ts', "import './a.js'"),
      file('src/core/d.ts', "import './a.js'"),
    ]
    expect(importCycles(tree)).toEqual(['src/core/a.ts → src/core/b.ts → src/core/a.ts', 'src/core/a.ts → src/core/c.ts → src/core/a.ts'])
  })
})

describe('the check of shape', () => {
  const lines = (count: number) => 'f()\n'.repeat(count)

  it.each([
    ['src/a.ts', lines(401), 'src/a.ts has 401 lines, more than 400'],
    ['src/a.ts', `const f = () => {\n${lines(69)}}`, 'src/a.ts:1 is a function of 71 lines, more than 70'],
    ['src/core/utils.ts', '', 'src/core/utils.ts names no concept'],
    ['src/helpers/a.ts', '', 'src/helpers/a.ts names no concept'],
    ['src/a.ts', 'class A {}', 'src/a.ts:1 is a class that is no error'],
    ['src/a.ts', 'enum A {}', 'src/a.ts:1 is an enum'],
    ['src/a.ts', 'namespace A {}', 'src/a.ts:1 is a namespace'],
    ['src/a.ts', 'export let a: any', 'src/a.ts:1 says any'],
  ])('%# %s fails', (path, text, error) => expect(shapeErrors([file(path, text)])).toEqual([error]))

  it('lets pass what is just within', () => {
    expect(shapeErrors([file('src/a.ts', lines(400)), file('src/b.ts', `const f = () => {\n${lines(68)}}`)])).toEqual([])
    expect(shapeErrors([file('src/types-of-link.ts', 'class A extends Error {}\nexport type A = unknown')])).toEqual([])
  })
})
