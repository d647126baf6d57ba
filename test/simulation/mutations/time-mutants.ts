// Planted bugs of time, of silent tasks and of tasks in trouble.

import type { Mutant } from './mutants.ts'

export const TIME_MUTANTS: readonly Mutant[] = [
  {
    name: 'frontier moved back',
    breaks: 'I2',
    file: 'src/runtime/time.ts',
    find: 'reached = Math.max(reached, timestamp < 0 ?',
    replace: 'reached = Math.max(0, timestamp < 0 ?',
  },
  {
    name: 'the frontier starts anew with every invocation',
    breaks: 'I2',
    file: 'src/runtime/time.ts',
    find: ': frontier\n  let start = 0',
    replace: ': 0\n  let start = 0',
  },
  {
    name: 'a silent task is moved back',
    breaks: 'I2',
    file: 'src/runtime/silence.ts',
    find: 'frontier: Math.max(frontier, head.frontier),',
    replace: 'frontier,',
  },
  {
    name: 'a task is held silent that is not',
    breaks: 'I2',
    file: 'src/runtime/silence.ts',
    find: 'if (now - head.record.active < settings.idleAfter) return false',
    replace: '',
  },
  {
    name: 'a silent task is moved on without healing its head',
    breaks: 'I3',
    file: 'src/runtime/silence.ts',
    find: 'if (!reader.isPublished(head.version)) await heal(publisher, visible(outbox), at) // an entry with a successor is published',
    replace: '',
  },
  {
    name: 'a partition that fails counts as silent',
    breaks: 'I2',
    file: 'src/runtime/silence.ts',
    find: 'const behind = await withoutTroubled(seemBehind, parts)',
    replace: 'const behind = seemBehind',
    test: 'test/runtime/trouble.test.ts',
  },
  {
    name: 'every try makes the wait for a failing partition longer',
    breaks: 'I2',
    file: 'src/runtime/trouble.ts',
    find: 'const since = Math.min(now, ...same.map((trouble) => trouble?.since ?? now))',
    replace: 'const since = same.length > 5 ? 0 : now',
    test: 'test/runtime/trouble.test.ts',
  },
  {
    name: 'trouble that is over holds others back',
    breaks: 'rest',
    file: 'src/runtime/silence.ts',
    find: 'if (until > trouble.waitingFor) {',
    replace: 'if (until > 2 ** 52) {',
    test: 'test/runtime/trouble.test.ts',
  },
  {
    name: 'who comes after a look at the closing log has begun is told what it saw',
    breaks: 'I7',
    file: 'src/runtime/gathered.ts',
    find: 'this.#waiting = undefined\n',
    replace: '\n',
    test: 'test/runtime/gathered.test.ts',
  },
]
