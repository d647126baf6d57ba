// `millrace poller` as a user runs it: a process of its own, real Kafka, and an endpoint that answers as Lambda's API does
// and does what no emulator does: dies, answers late, changes its mappings.

import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { until } from '../../local/event-source/until.ts'
import { KafkaService } from './kafka-service.ts'
import { Command } from './poller-command.ts'
import { bootstrap, describeWith, unique } from './services.ts'

/** What ListEventSourceMappings says of one mapping, as far as it matters. */
type ApiMapping = Record<string, unknown> & { readonly UUID: string }

/** Lambda's API: mappings, and a function that does what it is told. */
class FakeLambda {
  mappings: ApiMapping[] = []
  readonly events: string[] = []
  /** What the function does; its answer. */
  handle: (event: string) => Promise<object | 'hang up'> = async () => ({})
  #server: Server | undefined
  #port = 0

  get endpoint(): string {
    return `http://127.0.0.1:${this.#port}`
  }

  async start(): Promise<this> {
    const server = createServer((request, response) => {
      const chunks: Buffer[] = []
      request.on('data', (chunk: Buffer) => chunks.push(chunk))
      request.on('end', async () => {
        if (request.method === 'GET') return void response.end(JSON.stringify({ EventSourceMappings: this.mappings }))
        const event = Buffer.concat(chunks).toString()
        this.events.push(event)
        const answer = await this.handle(event)
        if (answer === 'hang up') request.socket.destroy()
        else response.end(JSON.stringify(answer))
      })
    })
    server.listen(this.#port, '127.0.0.1')
    await once(server, 'listening')
    const address = server.address()
    if (address === null || typeof address === 'string') throw new Error('no port')
    this.#port = address.port
    this.#server = server
    return this
  }

  async stop(): Promise<void> {
    this.#server?.closeAllConnections()
    this.#server?.close()
  }

  map(topic: string, more: Record<string, unknown> = {}): ApiMapping {
    const mapping = {
      UUID: topic,
      FunctionArn: `arn:aws:lambda:us-east-1:000000000000:function:f`,
      State: 'Enabled',
      Topics: [topic],
      StartingPosition: 'TRIM_HORIZON',
      BatchSize: 100,
      MaximumBatchingWindowInSeconds: 0,
      SelfManagedEventSource: { Endpoints: { KAFKA_BOOTSTRAP_SERVERS: [bootstrap] } },
      ...more,
    }
    this.mappings.push(mapping)
    return mapping
  }
}

const PROVISIONED = { ProvisionedPollerConfig: { MinimumPollers: 1 } }

describeWith(bootstrap)('millrace poller', () => {
  let service: KafkaService
  let lambda: FakeLambda
  const commands: Command[] = []
  const run = (...args: string[]): Command => {
    const command = new Command('--endpoint', lambda.endpoint, ...args)
    commands.push(command)
    return command
  }
  const topicWith = async (name: string, values: readonly (string | [string, number])[], partitions = 1) => {
    const topic = unique(name)
    await service.createTopic(topic, partitions)
    await service.append(
      values.map((value) =>
        typeof value === 'string'
          ? { topic, partition: 0, value }
          : { topic, partition: 0, value: value[0], timestamp: value[1] },
      ),
    )
    return topic
  }
  const committed = (topic: string) => service.committed(topic, { topic, partition: 0 })

  beforeAll(async () => {
    service = await new KafkaService(bootstrap).connect()
    lambda = await new FakeLambda().start()
  })
  afterEach(async () => {
    for (const { child } of commands.splice(0)) child.kill('SIGKILL')
    await lambda.stop()
    lambda = await new FakeLambda().start()
  })
  afterAll(async () => {
    await service?.close()
    await lambda?.stop()
  })

  it.each(['SIGTERM', 'SIGINT'] as const)('ends on %s, and says what it does', async (signal) => {
    const topic = await topicWith('plain', ['a', 'b'])
    lambda.map(topic)
    const command = run()
    await command.says('2 records')
    await until('committed', async () => (await committed(topic)) === 2)
    expect(await command.stop(signal)).toBe(0)
    expect(command.out).toMatch(/stopping: committing and leaving .*\nstopped\n$/s)
  })

  it('gives up records that are too old, says which, and goes on with those behind them', async () => {
    const topic = await topicWith('ages', [['old', 1000], ['older', 500], 'fresh'])
    lambda.map(topic, { ...PROVISIONED, MaximumRecordAgeInSeconds: 3600 })
    const command = run()
    await command.says(`gave up 2 records (MaximumRecordAgeExceeded): ${topic}-0 offsets 0 to 1`)
    await command.says('1 records')
    await until('committed', async () => (await committed(topic)) === 3)
    expect(await command.stop()).toBe(0)
    expect(lambda.events).toHaveLength(1)
  })

  it('says which records it gave up after the last retry, and where they were sent', async () => {
    const topic = await topicWith('retries', ['bad'])
    const failed = await topicWith('failed', [])
    const DestinationConfig = { OnFailure: { Destination: `kafka://${failed}` } }
    lambda.map(topic, { ...PROVISIONED, MaximumRetryAttempts: 0, DestinationConfig })
    lambda.handle = async () => 'hang up'
    const command = run()
    await command.says(`gave up 1 record (RetryAttemptsExhausted): ${topic}-0 offset 0; the last error was`)
    await command.says(`sent to kafka://${failed}`)
    expect(await service.endOffset({ topic: failed, partition: 0 })).toBe(1)
    await until('committed', async () => (await committed(topic)) === 1)
    expect(lambda.events).toHaveLength(1) // the SDK would have sent it three times
  })

  it('drops a record that fits no event, and names the command', async () => {
    const topic = unique('oversized')
    await service.createTopic(topic, 1, { 'max.message.bytes': '10000000' })
    await service.append(['a', 'x'.repeat(6_000_000), 'c'].map((value) => ({ topic, partition: 0, value })))
    lambda.map(topic)
    const command = run()
    await until('committed', async () => (await committed(topic)) === 3)
    expect(command.out).toContain(`millrace offsets skip <job> --topic ${topic} --partition 0 --at 1 --execute`)
    expect(command.out).toContain(`gave up 1 record (RecordTooLarge): ${topic}-0 offset 1`)
  })

  it('ends with an error when a topic is missing, beside one that is there', async () => {
    lambda.map(await topicWith('there', ['a']))
    lambda.map('not-there')
    const command = run()
    await command.exited
    expect(command.child.exitCode).toBe(4)
    expect(command.out).toMatch(/^TOPIC_MISSING: Topic "not-there" not found/m)
  })

  it('ends while a topic that it reads is gone', async () => {
    const topic = await topicWith('goes', [])
    // A producer of its own: kafkajs wants to know for ever about a topic that it has written to.
    const own = await new KafkaService(bootstrap).connect()
    await own.append([{ topic, partition: 0, value: 'a' }])
    await own.close()
    lambda.map(topic)
    const command = run()
    await command.says('1 records')
    await service.deleteTopic(topic)
    await new Promise((resolve) => setTimeout(resolve, 3000)) // for kafkajs to notice
    expect(await command.stop()).toBe(0)
  })

  it('ends while nothing answers yet', async () => {
    const silent = createServer(() => {})
    silent.listen(0, '127.0.0.1')
    await once(silent, 'listening')
    const address = silent.address()
    const port = typeof address === 'object' ? address?.port : 0
    const command = new Command('--endpoint', `http://127.0.0.1:${port}`)
    commands.push(command)
    const asked = once(silent, 'request')
    await asked
    expect(await command.stop()).toBe(0)
    expect(command.out).toContain('have not answered yet')
    silent.closeAllConnections()
    silent.close()
  })

  it('does not wait for ever for an invocation under way, and what was under way comes again', async () => {
    const topic = await topicWith('slow', ['a'])
    lambda.map(topic)
    lambda.handle = () => new Promise(() => {})
    const command = run()
    await until('invoked', () => lambda.events.length === 1)
    expect(await command.stop()).toBe(0)
    expect(command.out).toMatch(/waiting up to 5 s for invocations under way \(1 of slow-.*→ f\)/)
    expect(command.out).toContain('these records are delivered again')
    lambda.handle = async () => ({})
    run()
    await until('again', async () => (await committed(topic)) === 1)
    expect(lambda.events).toHaveLength(2)
  })

  it('ends at once on a second signal', async () => {
    lambda.map(await topicWith('twice', ['a']))
    lambda.handle = () => new Promise(() => {})
    const command = run()
    await until('invoked', () => lambda.events.length === 1)
    command.child.kill('SIGTERM')
    await command.says('again to stop at once')
    expect(await command.stop()).toBe(0)
  })

  it('says at once that the endpoint is dead, and goes on when it is back', async () => {
    const topic = await topicWith('dead', [])
    lambda.map(topic)
    const command = run()
    await command.says('polling as group')
    await lambda.stop()
    await service.append([{ topic, partition: 0, value: 'a' }])
    await command.says(/ECONNREFUSED: Could not invoke .*; trying again/)
    await lambda.start()
    await until('committed', async () => (await committed(topic)) === 1)
    expect(await command.stop()).toBe(0)
  })

  it('ends while the endpoint is dead', async () => {
    const topic = await topicWith('dead-end', [])
    lambda.map(topic)
    const command = run()
    await command.says('polling as group')
    await lambda.stop()
    await service.append([{ topic, partition: 0, value: 'a' }])
    await command.says(/ECONNREFUSED: Could not invoke/)
    expect(await command.stop()).toBe(0)
  })

  it('follows its mappings: disabled, enabled, changed, new', async () => {
    const [topic, other] = [await topicWith('follows', ['a']), await topicWith('new', ['b'])]
    lambda.map(topic)
    const command = run()
    await until('the first', async () => (await committed(topic)) === 1)
    lambda.mappings = lambda.mappings.map((mapping) => ({ ...mapping, State: 'Disabled' }))
    await command.says('the mapping is disabled: stopping to poll')
    await until('left the group', async () => await service.rewind(topic, topic, 0, 1))
    await service.append([{ topic, partition: 0, value: 'while disabled' }])
    lambda.map(other)
    await until('the new one', async () => (await committed(other)) === 1)
    expect(lambda.events).toHaveLength(2)
    lambda.mappings = lambda.mappings.map((mapping) => ({ ...mapping, State: 'Enabled', BatchSize: 7 }))
    await until('enabled again', async () => (await committed(topic)) === 2)
    await command.says('new-')
    await command.says('the mapping has changed')
    expect(await command.stop()).toBe(0)
  })
})
