// Loaded into a worker before anything else (`--import`) that is to die in the middle of a commit: at the moment at which its next entry
// of a log goes into the folder's table. `before`: it has not been written; `after`: it is durable, and nothing of what it promises is
// published. From outside of the process these moments cannot be met.

import { StatementSync } from 'node:sqlite'

const WHEN = process.env.MILLRACE_DIE_AT_COMMIT

StatementSync.prototype.run = new Proxy(StatementSync.prototype.run, {
  apply(run, statement: StatementSync, values) {
    const commits = statement.sourceSQL.startsWith('INSERT INTO entries')
    if (commits && WHEN === 'before') die()
    const done = Reflect.apply(run, statement, values)
    if (commits && WHEN === 'after' && done.changes > 0) die()
    return done
  },
})

function die(): void {
  process.kill(process.pid, 'SIGKILL')
}
