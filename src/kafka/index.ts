// millrace/kafka: what talks to brokers itself. Of its own, so that only functions that use it have a client of Kafka in their bundle.

import '../needs-node.ts'

export { type ConsumerGroupOptions, consumerGroup } from './consumer-group.ts'
