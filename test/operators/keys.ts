// Keys for properties: all that DESIGN §3 allows, the nasty ones on purpose.

import fc from 'fast-check'

const primitive = fc.oneof(
  fc.string({ maxLength: 3 }),
  fc.constantFrom(
    '',
    '1',
    '1n',
    'null',
    '"1"',
    '[1]',
    '{"a":1}',
    '__proto__',
    'constructor',
    '\ud800',
    '\udfff',
    '\\ud800',
    'x'.repeat(2048),
  ),
  fc.constantFrom(0, -0, 1, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53, 1e21, 0.1),
  fc.integer({ min: -3, max: 3 }),
  fc.constantFrom(0n, 1n, -1n, 2n ** 70n),
  fc.boolean(),
  fc.constantFrom(null, undefined),
)

/** Any valid key. */
export const anyKey = fc.letrec<{ key: unknown }>((tie) => ({
  key: fc.oneof(
    { maxDepth: 2, depthIdentifier: 'key' },
    primitive,
    fc.array(tie('key'), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom('a', 'b', '__proto__', '', '\ud800'), tie('key'), { maxKeys: 3 }),
  ),
})).key

/** Few keys, so that they meet again, of different kinds. */
export const someKey = fc.constantFrom<unknown>('a', 'b', '', '1', 1, 1n, null, ['a', 1], { x: 1, y: 'z' })

/** An equal key that shares no object with it, its properties the other way round, and -0 for 0. */
export function twin(key: unknown): unknown {
  if (key === 0) return Object.is(key, 0) ? -0 : 0
  if (Array.isArray(key)) return key.map(twin)
  if (typeof key !== 'object' || key === null) return key
  const entries = Object.entries(key).map(([name, value]): [string, unknown] => [name, twin(value)])
  return Object.fromEntries(entries.reverse())
}
