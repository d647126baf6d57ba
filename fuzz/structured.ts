// Changes that keep structure: of values, which JSON and msgpack are the bytes of.

import { pack, unpack } from '../src/log/codec.ts'
import { mutate, type Random } from './mutate.ts'

const ODD: readonly unknown[] = [
  ...[null, undefined, true, 0, -0, -1, 1.5, 1e300, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53, 1n, -(2n ** 70n)],
  ...['', '0', '__proto__', 'aws:kafka', 'a/../b', '\ud800', 'x'.repeat(3000)],
  ...[[], {}, [[]], [null], [1, 2], { kind: 'batch' }, new Map([[1, 2]]), new Date(Number.NaN), Buffer.from('ab')],
]

const STEPS = [-1, 1, 0.5, 1000, -1e6, 2 ** 40]

/** Of an input that is JSON; of another one a change of its bytes. */
export function mutateJson(input: Buffer, random: Random): Buffer {
  const plain = (_: string, value: unknown): unknown => (typeof value === 'bigint' ? String(value) : value)
  try {
    return Buffer.from(JSON.stringify(changed(JSON.parse(input.toString()), random), plain) ?? '')
  } catch {
    return mutate(input, input, random)
  }
}

/** The same of one that is msgpack, after its first byte. */
export function mutatePacked(input: Buffer, random: Random): Buffer {
  try {
    return Buffer.concat([input.subarray(0, 1), pack(changed(unpack(input.subarray(1)), random))])
  } catch {
    return mutate(input, input, random)
  }
}

/** The value with one part, anywhere, replaced, removed, doubled or moved. */
function changed(value: unknown, random: Random): unknown {
  const inner = typeof value === 'object' && value !== null && !ArrayBuffer.isView(value) && !(value instanceof Date)
  if (!inner || random(6) === 0) return odd(value, random)
  if (Array.isArray(value)) return changedArray(value, random)
  const entries = Object.entries(value)
  if (entries.length === 0) return odd(value, random)
  const at = random(entries.length)
  const [name, one] = entries[at] ?? ['', undefined]
  const other = entries[random(entries.length)]
  const action = random(8)
  if (action === 0) entries.splice(at, 1)
  else if (action === 1) entries[at] = [name, other?.[1]]
  else if (action === 2) entries.push([String(odd('', random)), one])
  else entries[at] = [name, changed(one, random)]
  return Object.fromEntries(entries)
}

function changedArray(list: readonly unknown[], random: Random): unknown {
  const copy = [...list]
  const at = random(copy.length + 1)
  const action = random(6)
  if (action === 0) copy.splice(at, 1)
  else if (action === 1) copy.splice(at, 0, copy[random(copy.length + 1)])
  else if (action === 2) copy.splice(at, 0, odd(undefined, random))
  else if (at < copy.length) copy[at] = changed(copy[at], random)
  return copy
}

function odd(value: unknown, random: Random): unknown {
  if (typeof value === 'number' && random(2) === 0) return value + (STEPS[random(STEPS.length)] ?? 0)
  return ODD[random(ODD.length)]
}
