// Planted bugs of closing: what is read, healed and marked.

import type { Mutant } from './mutants.ts'

export const CLOSING_MUTANTS: readonly Mutant[] = [
  {
    name: 'closing T with one partition missing',
    breaks: 'I2',
    file: 'src/runtime/closing/close-draft.ts',
    find: 'closedBy(frontierOf(readers), batch)',
    replace: 'closedBy(frontierOf(readers.slice(readers.length > 1 ? 1 : 0)), batch)',
  },
  {
    name: 'closing twice: goes on although another was faster',
    breaks: 'I1',
    file: 'src/runtime/closing/closer.ts',
    find: "closed, outbox })) === 'conflict') {",
    replace: "closed, outbox })) === 'conflict' && Number.isNaN(before)) {",
  },
  {
    name: '_SUCCESS too early: heads of others not looked after',
    breaks: 'I3',
    file: 'src/runtime/closing/closer.ts',
    find: 'await Promise.all(readers.map((reader) => reader.publishLast(this.parts.publisher, closing)))',
    replace: '',
  },
  {
    name: '_SUCCESS too early: before the batch is over',
    breaks: 'I2',
    file: 'src/runtime/time.ts',
    find: 'return Math.floor(frontier / batch) * batch',
    replace: 'return Math.ceil(frontier / batch) * batch',
  },
  {
    name: 'marks beyond what is read',
    breaks: 'I1',
    file: 'src/runtime/closing/log-reader.ts',
    find: '? [stillOpen.version - 1, stillOpen.before, ',
    replace: '? [stillOpen.version, stillOpen.before, ',
  },
  {
    name: 'marks with a frontier beyond what is read',
    breaks: 'I1',
    file: 'src/runtime/closing/log-reader.ts',
    find: '? [stillOpen.version - 1, stillOpen.before, ',
    replace: '? [stillOpen.version - 1, this.frontier, ',
  },
  {
    name: 'a head that may be unpublished is not published',
    breaks: 'I3',
    file: 'src/runtime/fenced-log.ts',
    find: "await heal(this.#parts.publisher, this.#promisesOf(head), wakes ? 'all' : 'all but wakes')",
    replace: 'void [heal, wakes]',
  },
  {
    name: 'its own closing, failed half way, is not healed',
    breaks: 'I3',
    file: 'src/runtime/closing/closer.ts',
    find: 'await this.#log.heal() // it may be this instance',
    replace: '// it may be this instance',
    test: 'test/runtime/closing.test.ts',
  },
  {
    name: 'a closing healed on stale reads',
    breaks: 'I1',
    file: 'src/runtime/closing/closer.ts',
    find: 'this.known.inOrder().map((reader) => reader.refresh(true)))\n    const readers',
    replace: 'this.known.inOrder().map((reader) => reader.refresh(false)))\n    const readers',
  },
  {
    name: 'a lost closing log goes unnoticed',
    breaks: 'I7',
    file: 'src/runtime/closing/closer.ts',
    find: 'if (lost) throw new LogLostError(this.#ref)',
    replace: '',
  },
]
