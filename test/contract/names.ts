// Names for the contract of the table.

import { randomUUID } from 'node:crypto'

/** A table under test may hold other data, so every test has a job of its own. */
export const newJob = () => `job-${randomUUID()}`

/** Names that reach into other keys, break prototypes or have no UTF-8 when they are taken as they are. */
export const NASTY_NAMES = [
  '#',
  'a#b',
  'a%23b',
  '/',
  '../..',
  '%',
  '%25',
  '__proto__',
  'constructor',
  ' ',
  'é',
  'e\u0301',
  '日本語',
  '🚂',
  '\ud83d',
  '\ude82\ud83d',
  '\u0000',
  '\u009f',
  '\uffff',
  'x'.repeat(249),
]
