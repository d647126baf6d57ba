#!/usr/bin/env node
// The command line's first step: whether this Node.js will do. Everything else is loaded only then.

import { versionProblem } from '../node-version.ts'

const problem = versionProblem()
if (problem === undefined) {
  const { runProgram } = await import('./program.ts')
  await runProgram(process.argv.slice(2))
} else {
  console.error(problem)
  process.exitCode = 1
}
