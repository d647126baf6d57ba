// The entry point `millrace/testing`: what users test their own jobs with.

import '../needs-node.ts'

export type { CoverageCounts } from './simulation/coverage.ts'
export type { Outputs } from './simulation/outputs.ts'
export type { Outside, OutsideRun } from './simulation/outside.ts'
export type { Random } from './simulation/random.ts'
export type { SimulatedRecord, SimulatedRecords } from './simulation/records.ts'
export { type SimulatedJob, type SimulateOptions, type SimulationReport, simulate } from './simulation/simulate.ts'
export type { Fault, Mishap } from './simulation/troubles.ts'
export { type TestedEffect, type TestedJob, type TestJobOptions, testJob } from './test-job.ts'
export type { TestRecord, TestRecords } from './test-records.ts'
export { type TestedBatches, type TestedStreams, type TestStreamOptions, testStream } from './test-stream.ts'
