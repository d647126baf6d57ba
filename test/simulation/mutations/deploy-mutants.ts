// Planted bugs of deployments: what other code has left, and what new code lacks.

import type { Mutant } from './mutants.ts'

export const DEPLOY_MUTANTS: readonly Mutant[] = [
  {
    name: 'a snapshot loses the state of operators that the code does not have',
    breaks: 'I5',
    file: 'src/operators/bucket-program.ts',
    find: 'return [...this.#unread, ...own]',
    replace: 'return own',
    test: 'test/runtime/carried-state.test.ts',
  },
  {
    name: 'a silent task forgets the state of operators in place that the code does not have',
    breaks: 'I5',
    file: 'src/runtime/silence.ts',
    find: 'const record = { ...quiet, ...inPlace }',
    replace: 'const record = { ...quiet, ...(Number.isNaN(inPlace) ? inPlace : {}) }',
    test: 'test/runtime/carried-state.test.ts',
  },
  {
    name: 'the state of a stage that the code does not have expires',
    breaks: 'I5',
    file: 'src/runtime/closer.ts',
    find: 'if (thorough) await this.parts.stages.keepGone(this.closedUntil)',
    replace: '',
    test: 'test/runtime/carried-state.test.ts',
  },
  {
    name: 'in place: what others have passed without running it is dropped',
    breaks: 'I1',
    file: 'src/runtime/in-place.ts',
    find: 'await this.#dropRun(entry.record)',
    replace: 'this.#open.dropUntil(closedBy(entry.record.frontier, settings.batch))',
    test: 'test/runtime/carried-state.test.ts',
  },
  {
    name: 'records on their way to what new code lacks are passed over',
    breaks: 'I7',
    file: 'src/runtime/whole.ts',
    find: 'if (refused.length > 0) throw new RecordsOnTheWayError(plans.job, refused)\n  for',
    replace: 'for',
    test: 'test/runtime/deploys.test.ts',
  },
  {
    name: '_SUCCESS over a batch that new code does not have whole',
    breaks: 'I3',
    file: 'src/runtime/whole.ts',
    find: 'lack(partial.time, plan === undefined ? [] : missing(plans.own, theirs, place))',
    replace: '',
    test: 'test/runtime/whole.test.ts',
  },
  {
    name: '_SUCCESS of a stage over a batch that its buckets ran under other code',
    breaks: 'I3',
    file: 'src/runtime/stages.ts',
    find: 'lacking = together(lacking, await judgeNow(plans, foreign, closedUntil))',
    replace: '',
    test: 'test/runtime/whole.test.ts',
  },
  {
    name: 'an old instance closes what newer code has had a part in',
    breaks: 'I3',
    file: 'src/runtime/whole.ts',
    find: 'if ((unknown || refused.length > 0) && (await plans.isSuperseded())) return undefined',
    replace: '',
    test: 'test/runtime/whole.test.ts',
  },
]
