// For entry points that are imported: the check as a side effect, before anything else of theirs is evaluated.

import { versionProblem } from './node-version.ts'

const problem = versionProblem()
if (problem !== undefined) {
  const error = new Error(problem)
  error.stack = problem // where it was thrown says nothing
  throw error
}
