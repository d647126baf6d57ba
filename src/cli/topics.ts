// `millrace topics`: which there are, what is in them; makes, widens and deletes them. In a folder or in Kafka.

import { Command, InvalidArgumentError } from 'commander'
import type { Cluster, Extent } from '../local/topics/cluster.ts'
import { type BrokerFlags, brokerOptions, openCluster } from './brokers.ts'
import { columns } from './columns.ts'
import { confirm } from './confirm.ts'
import { integer, type JsonSchema, list, object, text, withJson } from './json-output.ts'
import { type Manual, NO_TOPIC, NOBODY_AGREED, withManual } from './manual.ts'

interface TopicsFlags extends BrokerFlags {
  readonly json?: boolean
  readonly partitions?: number
  readonly replicas?: number
  readonly yes?: boolean
}

const LISTED = object({
  topics: list(object({ name: text(), partitions: integer() }, { replicas: integer('of each partition, in Kafka') })),
})

const DESCRIBED = object({
  name: text(),
  partitions: list(
    object({
      partition: integer(),
      start: integer('the first offset that is kept'),
      end: integer('the offset of the next record'),
    }),
  ),
})

const NOT_HERE = { 4: NO_TOPIC }
const MANUALS = {
  list: {
    examples: [
      ['millrace topics list', 'the topics of the folder .millrace'],
      ['millrace topics list --brokers localhost:9092', 'those of Kafka'],
    ],
    exits: { 4: 'there is no folder with topics here' },
  },
  describe: { examples: [['millrace topics describe orders', 'which offsets each partition holds']], exits: NOT_HERE },
  create: {
    examples: [['millrace topics create orders clicks -p 4', 'two topics with four partitions each']],
  },
  alter: { examples: [['millrace topics alter orders -p 8', 'more partitions for a topic']], exits: NOT_HERE },
  delete: {
    examples: [['millrace topics delete orders --yes', 'a topic with all its records, without being asked']],
    exits: { 3: NOBODY_AGREED, ...NOT_HERE },
  },
} satisfies Record<string, Manual>

/** What became of topics, by name. */
const changed = (what: string): JsonSchema => object({ [what]: list(text()) })

export function topicsCommand(): Command {
  const command = (name: keyof typeof MANUALS, description: string, schema: JsonSchema): Command =>
    withManual(withJson(brokerOptions(new Command(name).description(description)), schema), MANUALS[name])

  return new Command('topics')
    .description('show, make, widen and delete topics, in a folder or in Kafka')
    .addCommand(command('list', 'all topics', LISTED).action((flags: TopicsFlags) => withCluster(flags, listTopics)))
    .addCommand(
      command('describe', 'the partitions of a topic, and which offsets they hold', DESCRIBED)
        .argument('<topic>')
        .action((topic: string, flags: TopicsFlags) =>
          withCluster(flags, (cluster) => describeTopic(cluster, topic, flags)),
        ),
    )
    .addCommand(
      command('create', 'make topics', changed('created'))
        .argument('<topics...>')
        .option('-p, --partitions <n>', "of each (default: 1 in a folder, Kafka's own default otherwise)", positive)
        .option('--replicas <n>', "of each partition, in Kafka (default: Kafka's own)", positive)
        .action((topics: string[], flags: TopicsFlags) =>
          withCluster(flags, (cluster) => createTopics(cluster, topics, flags), true),
        ),
    )
    .addCommand(
      command('alter', 'give a topic more partitions; from then on keys may go to others', changed('altered'))
        .argument('<topic>')
        .requiredOption('-p, --partitions <n>', 'how many it has then', positive)
        .action((topic: string, flags: TopicsFlags) =>
          withCluster(flags, (cluster) => alterTopic(cluster, topic, flags)),
        ),
    )
    .addCommand(
      command('delete', 'delete topics with all their records', changed('deleted'))
        .argument('<topics...>')
        .option('-y, --yes', 'do not ask')
        .action((topics: string[], flags: TopicsFlags) =>
          withCluster(flags, (cluster) => deleteTopics(cluster, topics, flags)),
        ),
    )
}

async function withCluster(
  flags: TopicsFlags,
  action: (cluster: Cluster, flags: TopicsFlags) => Promise<void>,
  make = false,
): Promise<void> {
  const cluster = await openCluster(flags, make)
  try {
    await action(cluster, flags)
  } finally {
    await cluster.close()
  }
}

async function listTopics(cluster: Cluster, { json = false }: TopicsFlags): Promise<void> {
  const topics = await cluster.topics()
  if (json) return console.log(JSON.stringify({ topics }))
  if (topics.length === 0) return console.error(`There are no topics in ${cluster.name}.`)
  const inKafka = topics.some(({ replicas }) => replicas !== undefined)
  const rows = topics.map(({ name, partitions, replicas = 0 }) => [name, partitions, ...(inKafka ? [replicas] : [])])
  for (const line of columns([['topic', 'partitions', ...(inKafka ? ['replicas'] : [])], ...rows])) console.log(line)
}

async function describeTopic(cluster: Cluster, topic: string, { json = false }: TopicsFlags): Promise<void> {
  const extents = await cluster.extents(topic)
  if (json) {
    const partitions = extents.map(({ partition, first, next }) => ({ partition, start: first, end: next }))
    return console.log(JSON.stringify({ name: topic, partitions }))
  }
  const rows = extents.map(({ partition, first, next }) => [partition, first, next, next - first])
  for (const line of columns([['partition', 'start', 'end', 'records'], ...rows])) console.log(line)
}

async function createTopics(cluster: Cluster, topics: readonly string[], flags: TopicsFlags): Promise<void> {
  for (const topic of topics) {
    await cluster.create(topic, { partitions: flags.partitions, replicas: flags.replicas })
    if (!flags.json) console.error(`created ${topic} in ${cluster.name}`)
  }
  if (flags.json) console.log(JSON.stringify({ created: topics }))
}

async function alterTopic(
  cluster: Cluster,
  topic: string,
  { partitions = 1, json = false }: TopicsFlags,
): Promise<void> {
  const before = (await cluster.extents(topic)).length
  await cluster.setPartitions(topic, partitions)
  if (json) return console.log(JSON.stringify({ altered: [topic] }))
  console.error(`${topic}: ${before} → ${partitions} partitions`)
  if (partitions > before)
    console.error(
      'New records of a key may go to another partition than those before: a job that says preservesPartitioning must not rely on it.',
    )
}

async function deleteTopics(cluster: Cluster, topics: readonly string[], flags: TopicsFlags): Promise<void> {
  const extents: Extent[] = []
  for (const topic of topics) extents.push(...(await cluster.extents(topic)))
  const records = extents.reduce((sum, { first, next }) => sum + next - first, 0)
  await confirm(
    `Delete ${topics.join(', ')} in ${cluster.name} with ${records === 1 ? '1 record' : `${records} records`}?`,
    flags.yes ?? false,
  )
  for (const topic of topics) {
    await cluster.delete(topic)
    if (!flags.json) console.error(`deleted ${topic}`)
  }
  if (flags.json) console.log(JSON.stringify({ deleted: topics }))
}

function positive(text: string): number {
  if (/^[1-9]\d{0,5}$/.test(text)) return Number(text)
  throw new InvalidArgumentError('It is a whole number from 1.')
}
