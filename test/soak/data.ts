// What the soak's upstream produces: everything about a record follows from its id, so that whoever reads one can check it.

import { seededRandom } from '../../src/testing/simulation/random.ts'

const VOCABULARY = Array.from({ length: 40 }, (_, i) => `word${i}`).concat('__proto__', 'constructor', 'ünïcode', '0')

/** One in eight is large and does not compress, so that some parts are too large for a commit and are staged. */
export function eventValue(id: number): string {
  return id % 8 === 0 ? `${id} ${noise(id, 2000)}` : `${id} ${noise(id, 20)}`
}

export function wordsValue(id: number): string {
  const random = seededRandom(id)
  return [id, ...Array.from({ length: random.int(1, 6) }, () => random.pick(VOCABULARY))].join(' ')
}

export function idOf(value: string): number {
  return Number(value.slice(0, value.indexOf(' ')))
}

const CHARACTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'

function noise(id: number, length: number): string {
  const random = seededRandom(id)
  let text = ''
  while (text.length < length) text += CHARACTERS[random.int(0, 64)]
  return text
}
