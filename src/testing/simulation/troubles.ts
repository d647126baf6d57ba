// What can go wrong in a run, by name: with calls (`faults.ts`), and with the job as a whole (`mishaps.ts`).

export const FAULTS = [
  'crash-before', // the process dies before the call
  'crash-after', // the call is done, then the process dies
  'refused', // the call is not done, and an error says so
  'throttled', // the same, by a service that has too much to do
  'lost-answer', // the call is done, and an error comes back
  'late', // an error comes back, and the call is done some time later
  'own-conflict', // a conditional write is done, and its retry inside the SDK sees it and answers 'conflict'
  'stall-before', // the process hangs for long before the call: a zombie
  'stall-after', // the same, after it
  'slow', // the answer takes so long that everybody else gets ahead
  'pages', // a query is answered in several pages, with time between them
  'stale', // an eventually consistent read misses the newest items
] as const

/** What can go wrong with one call of a process to a service. */
export type Fault = (typeof FAULTS)[number]

export const MISHAPS = [
  'clocks apart', // of processes, by up to 5 s
  'objects taken away', // by readers that move what they have read
  'deadly wake-ups', // a function dies while it handles one
  'very late wake-ups', // by 15 minutes
  'many wake-ups', // all that are under way, in any order, some twice
  'old topics again', // a topic that is made again has older or equal timestamps
  'early expiry', // what may expire does, up to five minutes early, or up to 48 hours late
  'long trouble', // longer than logs are kept, with events and wake-ups going on, before the next version is deployed
  'rest before seals', // wake-ups stop for longer than logs are kept, before anything is sealed
] as const

/** What may happen to a job during a run, besides calls that fail. */
export type Mishap = (typeof MISHAPS)[number]

/** How far clocks are apart then, milliseconds. */
export const FAR_APART = 5000
