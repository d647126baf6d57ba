// What TLC needs of a machine.

import { expect, test } from 'vitest'
import { whyNoTlc } from '../../infra/tlc.ts'

test('TLC needs Java 11 and Maven, and says what is missing', () => {
  expect(whyNoTlc({ java: 17, maven: true })).toBeUndefined()
  expect(whyNoTlc({ java: 8, maven: true })).toBe('TLC cannot run: it needs Java 11 or later')
  expect(whyNoTlc({ maven: false })).toBe('TLC cannot run: it needs Java 11 or later, Maven (mvn)')
})
