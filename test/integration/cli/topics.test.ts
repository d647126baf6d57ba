// topics, produce, consume and groups on Kafka: the same as on a folder (test/cli/topics.test.ts).

import { afterAll, beforeAll, expect, it } from 'vitest'
import { inProcess } from '../../cli/in-process.ts'
import { topicCommands } from '../../cli/topic-commands.ts'
import { KafkaService } from '../poller/kafka-service.ts'
import { bootstrap, describeWith, unique } from '../poller/services.ts'

let service: KafkaService
describeWith(bootstrap)('commands on Kafka', () => {
  beforeAll(async () => {
    service = await new KafkaService(bootstrap).connect()
  })
  afterAll(() => service?.close())

  const millrace = (args: readonly string[], input?: string) => inProcess(args, { KAFKA_BROKERS: bootstrap }, input)

  topicCommands('Kafka', () => millrace)

  it.each(['gzip', 'snappy', 'lz4', 'zstd'])('appends and reads batches of %s', async (codec) => {
    const topic = unique(codec)
    // The broker unpacks what comes, and packs it anew: it must be able to read ours.
    await service.createTopic(topic, 1, { 'compression.type': codec === 'gzip' ? 'zstd' : 'gzip' })
    const lines = Array.from({ length: 500 }, (_, i) => `value ${i % 7} of ${i}\n`).join('')
    expect(await millrace(['produce', topic, '-z', codec], lines)).toMatchObject({ code: 0 })
    expect((await millrace(['consume', topic])).stdout).toBe(lines)
  })

  it('shows a group with its lag, and leaves none behind by reading', async () => {
    const [topic, group] = [unique('grouped'), unique('readers')]
    await service.createTopic(topic, 2)
    await service.append([0, 1, 0].map((partition) => ({ topic, partition, value: 'x' })))
    await service.setCommitted(group, topic, 0, 1)
    expect((await millrace(['consume', topic])).stdout).toBe('x\nx\nx\n')
    const { stdout } = await millrace(['groups', 'list', '--json'])
    expect(JSON.parse(stdout).groups).toContainEqual({ name: group, state: 'Empty', members: 0, lag: 2 })
    expect(stdout).not.toContain('millrace-read')
    expect((await millrace(['groups', 'describe', group])).stdout).toMatch(/Empty, 0 members, 2 behind\n/)
    expect(await millrace(['groups', 'describe', 'nobody'])).toMatchObject({ code: 4 })
  })
})
