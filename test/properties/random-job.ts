// Random jobs, as fast-check draws and shrinks them.

import fc from 'fast-check'
import { DRAWN, type Draw, elaborate, type JobDraws, TOPICS } from './elaborate.ts'
import type { JobAst } from './job-ast.ts'

const upTo = (max: number): fc.Arbitrary<number> => fc.nat({ max })
const pick = fc.oneof({ weight: 2, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: upTo(9) })

const draw: fc.Arbitrary<Draw> = fc.record({
  op: fc.constantFrom(...DRAWN),
  picks: fc.tuple(pick, pick),
  numbers: fc.tuple(upTo(11), upTo(11), upTo(11), upTo(11)),
})

/** A job that the API accepts. */
export const randomJob: fc.Arbitrary<JobAst> = fc
  .record<JobDraws>({
    topics: fc.integer({ min: 1, max: TOPICS.length }),
    sources: fc.array(upTo(TOPICS.length), { minLength: 1, maxLength: 3 }),
    draws: fc.array(draw, { minLength: 1, maxLength: 7 }),
    idle: fc.constantFrom('pause', 'run'),
    numPartitions: fc.integer({ min: 1, max: 3 }),
    tapped: fc.array(upTo(9), { maxLength: 2 }),
    printed: fc.option(upTo(9), { nil: undefined }),
    told: fc.option(upTo(9), { nil: undefined, freq: 2 }),
  })
  .map(elaborate)
