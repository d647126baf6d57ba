// What topics, produce and consume do, wherever topics are: run on a folder and on Kafka.

import { beforeAll, describe, expect, it } from 'vitest'
import type { JsonSchema } from '../../src/cli/json-output.ts'
import { schemaProblems } from '../support/json-schema.ts'
import type { NodeProcess } from '../support/node-process.ts'

export type Millrace = (args: readonly string[], input?: string) => Promise<NodeProcess>

export function topicCommands(where: string, command: () => Millrace): void {
  describe(`topic commands on ${where}`, () => {
    const topic = `cli-${Date.now()}`
    let millrace: Millrace
    const json = async (...args: string[]) => {
      const { code, stdout, stderr } = await millrace([...args, '--json'])
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
      const schema: JsonSchema = JSON.parse((await millrace([args[0] ?? '', args[1] ?? '', '--json=help'])).stdout)
      const values: unknown[] = stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line))
      expect(values.flatMap((value) => schemaProblems(schema, value))).toEqual([])
      return values
    }
    beforeAll(() => {
      millrace = command()
    })

    it('makes a topic, shows it, widens it', async () => {
      expect(await millrace(['topics', 'create', topic, '-p', '2'])).toMatchObject({ code: 0, stdout: '' })
      expect((await millrace(['topics', 'create', topic])).code).toBe(2)
      expect(await json('topics', 'list')).toMatchObject([
        { topics: expect.arrayContaining([expect.objectContaining({ name: topic, partitions: 2 })]) },
      ])
      expect((await millrace(['topics', 'list'])).stdout).toMatch(
        new RegExp(`^topic +partitions.*\\n(.*\\n)*${topic} +2`),
      )
      const altered = await millrace(['topics', 'alter', topic, '-p', '3'])
      expect(altered).toMatchObject({ code: 0, stdout: '' })
      expect(altered.stderr).toContain(`${topic}: 2 → 3 partitions`)
      expect((await millrace(['topics', 'alter', topic, '-p', '2'])).code).toBe(2)
    })

    it('appends lines, keys where Kafka puts them, and JSON with all that a record has', async () => {
      const lines = await millrace(['produce', topic, '-p', '2'], 'a\nb\n\n')
      expect(lines).toMatchObject({ code: 0, stdout: '' })
      expect(lines.stderr).toContain(`appended 3 records to ${topic}`)
      const keyed = await millrace(['produce', topic, '--format', 'key:value', '--json'], '21:x:y\n')
      // murmur2('21') = -973932308 (Kafka's UtilsTest), without its sign bit modulo 3
      expect(JSON.parse(keyed.stdout)).toMatchObject({ records: 1, partitions: { [(-973932308 & 0x7fffffff) % 3]: 1 } })
      const record = {
        key: 'k',
        value: { hex: '00ff' },
        headers: [
          ['h', 'ü'],
          ['h', '2'],
        ],
        timestamp: 1_700_000_000_123,
        partition: 0,
      }
      await millrace(
        ['produce', topic, '--format', 'json'],
        `${JSON.stringify(record)}\n{"value":null,"partition":0}\n{"value":{"a":1},"partition":0}\n`,
      )
      const [first, second, third] = await json('consume', topic, '-p', '0', '-o', '-3:')
      expect(first).toMatchObject({ ...record, topic })
      expect(second).toMatchObject({ key: null, value: null, headers: [] })
      expect(third).toMatchObject({ value: '{"a":1}' })
    })

    it('prints values, keys and values, hex; from where and to where, so many and no more', async () => {
      const read = async (...args: string[]) => (await millrace(['consume', topic, ...args])).stdout
      expect(await read('-p', '2', '-o', '+0:3')).toBe('a\nb\n\n')
      expect(await read('-p', '2', '-n', '1')).toBe('a\n')
      expect(await read('-p', '2', '-o', '2=1:2')).toBe('b\n')
      expect(await read('-p', '0', '-o', '-3:-2')).toBe('0x00ff\n')
      expect(await read('-p', '0', '-o', '-3:-2', '-f', 'hex')).toBe('6b:00ff\n')
      expect(await read('-p', '0', '-o', '-3:-2', '-f', 'key:value', '--separator', '=')).toBe('k=0x00ff\n')
      const empty = await millrace(['consume', topic, '-o', 'end'])
      expect(empty).toMatchObject({ code: 0, stdout: '' })
      expect(empty.stderr).toContain('No records there')
    })

    it('repeats, at a rate', async () => {
      const started = performance.now()
      const made = await millrace(['produce', topic, '-v', 'x', '-v', 'y', '--repeat', '5', '--rate', '20', '--json'])
      expect(JSON.parse(made.stdout)).toMatchObject({ records: 10 })
      expect(performance.now() - started).toBeGreaterThan(400) // the tenth comes 0.45 s after the first, whatever the machine does
    })

    it('is not silent about a topic that is not there', async () => {
      const cases = [
        ['topics', 'describe', 'nowhere'],
        ['produce', 'nowhere', '-v', 'x'],
        ['consume', 'nowhere'],
        ['topics', 'delete', 'nowhere', '--yes'],
      ]
      for (const args of cases) {
        const one = await millrace(args)
        expect(one).toMatchObject({ code: 4, stdout: '' })
        expect(one.stderr).toContain('TOPIC_MISSING: Topic "nowhere" not found')
      }
    })

    it('asks before it deletes, and is refused where nobody can be asked', async () => {
      const refused = await millrace(['topics', 'delete', topic])
      expect(refused).toMatchObject({ code: 3, stdout: '' })
      expect(refused.stderr).toMatch(
        /REFUSED: Delete cli-\d+ in .* with \d+ records\? There is no terminal to ask: add --yes/,
      )
      expect(await json('topics', 'delete', topic, '--yes')).toEqual([{ deleted: [topic] }])
      expect((await millrace(['topics', 'describe', topic])).code).toBe(4)
    })
  })
}
