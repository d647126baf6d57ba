// The entry point `millrace/testing`: what users test their own jobs with.

export { type TestedBatches, type TestedStreams, type TestStreamOptions, testStream } from './test-stream.ts'
