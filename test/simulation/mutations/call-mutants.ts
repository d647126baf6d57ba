// Planted bugs of functions of the job that are called with what is committed.

import type { Mutant } from './mutants.ts'

const DIRECTED = 'test/sinks/foreach-partition.test.ts'

export const CALL_MUTANTS: readonly Mutant[] = [
  {
    name: 'a call before the commit',
    breaks: 'I6',
    file: 'src/runtime/batch.ts',
    find: 'const outcome = await task.commit(commit) //',
    replace:
      "const { publish } = await import('./outbox.ts')\n        await publish(task.parts.publisher, { task: task.parts.ref, version: task.version + 1, at: 0, outbox: commit.outbox })\n        const outcome = await task.commit(commit) //",
    test: DIRECTED,
  },
  {
    name: 'a silent partition leaves its call behind',
    breaks: 'I7',
    file: 'src/runtime/fenced-log.ts',
    find: "wakes ? 'all' : 'all but wakes'",
    replace: "wakes ? 'all' : 'visible'",
    test: DIRECTED,
  },
  {
    name: 'a call taken for made because the closing task has published the rest',
    breaks: 'I7',
    file: 'src/runtime/closing/log-reader.ts',
    find: 'this.last.published && seenWhole(this.last.outbox)',
    replace: '(seenWhole, this.last.published)',
    test: DIRECTED,
  },
  {
    name: 'calls of one commit all at once',
    breaks: 'I1',
    file: 'src/runtime/outbox.ts',
    find: 'for (const { effect, stands } of due) await perform(publisher, effect, stands)',
    replace: 'await Promise.all(due.map(({ effect, stands }) => perform(publisher, effect, stands)))',
    test: DIRECTED,
  },
  {
    name: 'a connection used again on which a call has failed',
    breaks: 'I8',
    file: 'src/runtime/calls.ts',
    find: 'if (failed && !receiver.keepAfterFailure) void',
    replace: 'if (failed && receiver.keepAfterFailure) void',
    test: DIRECTED,
  },
  {
    name: 'a connection closed under a call',
    breaks: 'I8',
    file: 'src/runtime/calls.ts',
    find: 'if (connection.uses > 0) return',
    replace: '',
    test: DIRECTED,
  },
  {
    name: 'a call that failed taken for made',
    breaks: 'I7',
    file: 'src/runtime/calls.ts',
    find: 'throw new CallFailedError(task, output, time, version, cause)',
    replace: '',
    test: DIRECTED,
  },
  {
    name: 'a call that this code does not know is dropped',
    breaks: 'I7',
    file: 'src/runtime/calls.ts',
    find: 'if (!this.#accepted.has(output)) throw',
    replace: 'if (false) throw',
    test: DIRECTED,
  },
]
