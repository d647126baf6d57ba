// The entry point `millrace/lambda`.

import '../needs-node.ts'

export type { KafkaBatchResponse, KafkaEvent, KafkaEventRecord, KafkaSchemaMetadata } from '../sources/kafka/event.ts'
export { type LambdaHandler, type LambdaOptions, lambda } from './handler.ts'
