// The entry point `millrace/run`: a job in this very process, for programs that are not on Lambda.

import '../../needs-node.ts'

export type { KafkaSasl, KafkaTls } from '../event-source/kafka-login.ts'
export type { App, RunProgress, RunState, StopOptions } from './app.ts'
export { type RunOptions, run } from './run.ts'
