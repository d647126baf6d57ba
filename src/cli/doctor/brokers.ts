// What the doctor finds out of the topics: whether brokers answer and let us in, and whether each topic is there.

import type { Cluster } from '../../local/topics/cluster.ts'
import { type Finding, failed, looked, ok, skipped } from './check.ts'

/**
 * @param open connects; undefined: nobody has named brokers
 * @param counts how many partitions the job was told of, by topic
 */
export async function checkBrokers(
  open: (() => Promise<Cluster>) | undefined,
  topics: readonly string[],
  counts: ReadonlyMap<string, number>,
): Promise<readonly Finding[]> {
  if (!open) return [skipped('brokers', 'nobody has named them: pass --brokers, or set KAFKA_BROKERS')]
  let cluster: Cluster | undefined
  try {
    const reached = await looked(
      'brokers',
      async () => {
        cluster = await open()
        return ok('brokers', `${cluster.name} answers`)
      },
      'Check the addresses, the network (a VPC, a tunnel, a security group), TLS (--tls, --tls-ca) and the login (--sasl, --user, KAFKA_PASSWORD).',
    )
    const found = cluster
    if (!found) return reached
    const each = topics.map((topic) => checkTopic(found, topic, counts.get(topic)))
    return [...reached, ...(await Promise.all(each)).flat()]
  } finally {
    await cluster?.close()
  }
}

function checkTopic(cluster: Cluster, topic: string, known: number | undefined): Promise<readonly Finding[]> {
  const check = ['topic', topic].join(' ')
  return looked(
    check,
    async () => {
      const extents = await cluster.extents(topic)
      const records = extents.reduce((sum, { first, next }) => sum + next - first, 0)
      const found = `${extents.length} partition${extents.length === 1 ? '' : 's'}, ${records} records`
      if (known === undefined || known === extents.length) return ok(check, found)
      if (known < extents.length)
        return failed(
          check,
          `${found}, and the job was deployed for ${known}`,
          'Deploy again, so that it knows the new ones from the start of a batch.',
        )
      return failed(
        check,
        `${found}, and the job was deployed for ${known}`,
        'It was deleted and made again with fewer: see TOPIC_RECREATED in docs/errors.md.',
      )
    },
    `Make it: millrace topics create ${topic} --partitions ${known ?? 1}. TOPIC_MISSING: no broker knows it; an authorization error: the login may not describe it.`,
  )
}
