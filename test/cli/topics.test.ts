// topics, produce, consume and groups on a folder. test/integration/cli runs the same on Kafka.

import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { FolderTopics } from '../../src/local/topics/folder-topics.ts'
import { until } from '../local/event-source/until.ts'
import { type NodeProcess, runNode, startNode } from '../support/node-process.ts'
import { inProcess } from './in-process.ts'
import { topicCommands } from './topic-commands.ts'

const MAIN = new URL('../../src/cli/main.ts', import.meta.url).pathname

let folder = ''
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-topics-cli-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const place = () => ({ MILLRACE_DIR: join(folder, 'store'), KAFKA_BROKERS: '' })
const millrace = (args: readonly string[], input?: string): Promise<NodeProcess> => inProcess(args, place(), input)
const elsewhere = () => ({ env: { ...process.env, ...place() } })

topicCommands('a folder', () => millrace)

it('says that there is nothing yet, and what makes it', async () => {
  const none = await millrace(['topics', 'list', '--dir', join(folder, 'nowhere')])
  expect(none).toMatchObject({ code: 4, stdout: '' })
  expect(none.stderr).toContain('millrace topics create <name>')
})

it('reads standard input and says what goes wrong in a line, as a process', async () => {
  await millrace(['topics', 'create', 'piped'])
  const produced = await runNode(['--conditions=millrace-source', MAIN, 'produce', 'piped'], {
    ...elsewhere(),
    input: 'a\nb\n',
  })
  expect(produced).toMatchObject({
    code: 0,
    stdout: '',
    stderr: expect.stringContaining('appended 2 records to piped'),
  })
  expect((await millrace(['consume', 'piped'])).stdout).toBe('a\nb\n')
  const wrong = await runNode(['--conditions=millrace-source', MAIN, 'consume', 'nowhere'], elsewhere())
  expect(wrong).toMatchObject({
    code: 4,
    stdout: '',
    stderr: expect.stringMatching(/^TOPIC_MISSING: .* in the folder .* npx millrace topics create \S+ --dir \S+\.\n$/),
  })
  const unknown = await runNode(['--conditions=millrace-source', MAIN, 'topics', 'lst'], elsewhere())
  expect(unknown).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining("unknown command 'lst'") })
})

it('follows what comes, until it is interrupted', async () => {
  await millrace(['topics', 'create', 'followed'])
  const reader = startNode(
    ['--conditions=millrace-source', MAIN, 'consume', 'followed', '--follow', '-o', 'start'],
    elsewhere(),
  )
  const topics = new FolderTopics(join(folder, 'store'))
  topics.append([{ topic: 'followed', value: 'one' }])
  await until('one', () => reader.output() === 'one\n')
  topics.append([{ topic: 'followed', value: 'two' }])
  topics.close()
  await until('two', () => reader.output() === 'one\ntwo\n')
  expect(await reader.kill('SIGINT')).toMatchObject({ code: 0, stderr: '' })
})

it('shows a group with its members and its lag', async () => {
  const topics = new FolderTopics(join(folder, 'store'))
  topics.create('grouped', { partitions: 2 })
  topics.append([0, 1, 0].map((partition) => ({ topic: 'grouped', partition, value: 'x' })))
  topics.commit('readers', [{ topic: 'grouped', partition: 0, offset: 1 }])
  topics.close()
  expect((await millrace(['groups', 'list'])).stdout).toBe(
    'group    state  members  lag\nreaders  Empty        0    2\n',
  )
  expect((await millrace(['groups', 'describe', 'readers'])).stdout).toBe(
    'readers: Empty, 0 members, 2 behind\n' +
      'topic    partition  committed  end  lag  read by\ngrouped          0          1    2    1\ngrouped          1          -    1    1\n',
  )
  const unknown = await millrace(['groups', 'describe', 'nobody'])
  expect(unknown).toMatchObject({ code: 4 })
  expect(unknown.stderr).toContain("There is no group 'nobody'")
})

it('refuses what cannot be meant with 2, and says what can', async () => {
  const cases: [string[], string][] = [
    [['topics', 'lst'], "error: unknown command 'lst'"],
    [['topics', 'create', 'x', '-p', '0'], 'It is a whole number from 1.'],
    [['topics', 'list', '--brokers', 'nohost'], "--brokers: 'nohost' is not of the form host:port."],
    [['topics', 'list', '--brokers', 'h:1', '--user', 'u'], '--user u: how to log in? Pass --sasl'],
    [['topics', 'list', '--brokers', 'h:1', '--sasl', 'plain'], '--sasl: who logs in?'],
    [['topics', 'list', '--brokers', 'h:1', '--sasl', 'plain', '--user', 'u'], 'set KAFKA_PASSWORD'],
    [['topics', 'list', '--brokers', 'h:1', '--sasl', 'oauthbearer'], 'where does the token come from?'],
    [['topics', 'list', '--brokers', 'h:1', '--dir', 'd'], 'name one of them'],
    [['topics', 'list', '--brokers', 'h:1', '--tls-cert', 'c'], '--tls-cert and --tls-key belong together'],
    [['produce', 'followed', '--value', 'x', '--file', 'y'], '--value and --file'],
    [['produce', 'followed', '--value', 'x', '-z', 'zstd'], '--compression zstd: batches are of Kafka'],
    [['produce', 'followed', '--file', join(folder, 'none')], 'it cannot be read'],
    [['consume', 'followed', '-o', 'now'], "--offset: 'now' is not a range of offsets"],
    [['consume', 'followed', '-p', '7'], '--partition 7: topic followed has 1, from 0.'],
  ]
  for (const [args, message] of cases) {
    const result = await millrace(args)
    expect(result).toMatchObject({ code: 2, stdout: '' })
    expect(result.stderr).toContain(message)
  }
})

it('names the line of a file that is no record', async () => {
  const file = join(folder, 'bad.ndjson')
  await writeFile(file, '{"value":"a"}\n\n{"valu":"b"}\n')
  const bad = await millrace(['produce', 'followed', '--file', file, '--format', 'json'])
  expect(bad).toMatchObject({ code: 2 })
  expect(bad.stderr).toContain(`line 3 of ${file}: "valu" is no field of a record`)
})

it('says how much was appended before a line that is no record', async () => {
  const file = join(folder, 'late.ndjson')
  await writeFile(file, '{"value":"a"}\n{"value":"b"}\n{"valu":"c"}\n')
  // A record at a time: the line is read while the one before it waits for its turn.
  const late = await millrace(['produce', 'followed', '--file', file, '--format', 'json', '--rate', '10'])
  expect(late).toMatchObject({ code: 2, stdout: '' })
  expect(late.stderr).toContain('Before it failed: appended 2 records to followed')
  expect(late.stderr).toContain(`line 3 of ${file}`)
})
