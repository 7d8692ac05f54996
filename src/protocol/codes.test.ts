import { expect, it } from 'vitest'
import { bandOf, bandOfName, closeCodeName, closeCodes } from './codes.js'

it.each([
  [1006, 'retry'],
  [3999, 'retry'],
  [4000, 'retry'],
  [4099, 'retry'],
  [4100, 'retry-after'],
  [4200, 'refresh'],
  [4299, 'refresh'],
  [4300, 'terminal'],
  [4399, 'terminal'],
  [4400, 'retry'],
])('close code %s is of the band %s, whether it has a name or not', (code, band) => {
  expect(bandOf(code)).toBe(band)
})

it('knows a code by its name and a name by its code', () => {
  for (const [name, code] of Object.entries(closeCodes)) expect([closeCodeName(code), bandOfName(name)]).toEqual([name, bandOf(code)])
  expect(closeCodeName(1006)).toBe('network')
})

it.each(['network', '', 'constructor', '__proto__', 'valueOf'])('a name that is not the protocol’s means retry: %j', (name) => {
  expect(bandOfName(name)).toBe('retry')
})
