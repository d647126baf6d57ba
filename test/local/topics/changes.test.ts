// Notice of changes, and what does not end it.

import { it } from 'vitest'
import { Changes } from '../../../src/local/topics/changes.ts'
import { until } from '../event-source/until.ts'

it('looks again when the database could not be asked', async () => {
  const answers: (number | Error)[] = [1, 1, new Error('disk I/O error'), new Error('database is locked'), 2]
  const database = {
    directory: '',
    all: () => [],
    get: () => undefined,
    run: () => 0,
    atomically: <T>(action: () => T): T => action(),
    version(): number {
      const answer = answers.length > 1 ? answers.shift() : answers[0]
      if (answer instanceof Error) throw answer
      return answer ?? 0
    },
    close: () => {},
  }
  let heard = 0
  const changes = new Changes(database)
  const stop = changes.listen(() => heard++)
  await until('it is told', () => heard === 1)
  stop()
})
