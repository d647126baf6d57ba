// `millrace batch` from a prefix of S3 to a prefix of S3, as a user runs it, on both emulators.

import { gzipSync } from 'node:zlib'
import { CreateBucketCommand, GetObjectCommand, ListObjectsV2Command, PutObjectCommand } from '@aws-sdk/client-s3'
import { beforeAll, expect, it } from 'vitest'
import { listFiles } from '../../../src/local/bounded/file-list.ts'
import { s3Client } from '../../../src/stores/s3-client.ts'
import { EMULATED } from '../../contract/dynalite.ts'
import { type NodeProcess, runNode } from '../../support/node-process.ts'
import { describeWith, endpoints, unique } from '../poller/services.ts'

const MAIN = new URL('../../../src/cli/main.ts', import.meta.url).pathname
const JOBS = new URL('../../cli/fixtures/batch-jobs.ts', import.meta.url).pathname
const FLAGS = ['--conditions=millrace-source', '--disable-warning=ExperimentalWarning']

const BASE = Date.parse('2026-01-31T12:00:00Z')
const T = BASE + 5000
const line = (n: number): string => `${JSON.stringify({ n, at: BASE + n * 1000 })}\n`

for (const [name, endpoint] of Object.entries(endpoints)) {
  describeWith(endpoint)(`a bounded run on S3 of ${name}`, () => {
    const s3 = s3Client({ endpoint, ...EMULATED })
    const bucket = unique('bounded')
    const put = (key: string, body: string | Uint8Array) =>
      s3.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: body }))
    beforeAll(async () => {
      await s3.send(new CreateBucketCommand({ Bucket: bucket }))
      await put('logs/a.ndjson', line(0) + line(2) + line(6))
      await put('logs/more/b.ndjson.gz', gzipSync(line(1) + line(5)))
      await put('logs/_SUCCESS', '')
      await put('logs/.hidden/c.ndjson', line(3))
      await put('logs2/d.ndjson', 'no record of this run\n')
    })

    function batch(...args: readonly string[]): Promise<NodeProcess> {
      const { accessKeyId: AWS_ACCESS_KEY_ID, secretAccessKey: AWS_SECRET_ACCESS_KEY } = EMULATED.credentials
      const own = {
        AWS_ENDPOINT_URL: endpoint,
        AWS_REGION: EMULATED.region,
        AWS_ACCESS_KEY_ID,
        AWS_SECRET_ACCESS_KEY,
      }
      return runNode([...FLAGS, MAIN, 'batch', JOBS, '--job', 'copy', '--time', 'at', ...args], {
        env: { ...process.env, ...own },
      })
    }

    async function published(prefix: string): Promise<Record<string, string>> {
      const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket: bucket, Prefix: `${prefix}/` }))
      const bodies = Contents.map(async ({ Key = '' }) => {
        const { Body } = await s3.send(new GetObjectCommand({ Bucket: bucket, Key }))
        return [Key.slice(prefix.length + 1), (await Body?.transformToString()) ?? ''] as const
      })
      return Object.fromEntries(await Promise.all(bodies))
    }

    const from = (place: string): string[] => ['--topic', `numbers=s3://${bucket}/${place}`]
    const to = (place: string): string[] => ['--out', `s3://${bucket}/${place}`]

    it('reads what is below the prefix, publishes below another, and leaves what says the same', async () => {
      const done = await batch(...from('logs/'), ...to('out'), '--json')
      expect(done.stderr).toContain('job copy over numbers (2 partitions); results go below')
      expect(done.code).toBe(0)
      expect(JSON.parse(done.stdout)).toMatchObject({ records: 5, batches: 2, written: 2, alike: 0 })
      expect(await published('out')).toEqual({
        [`results/copy-${T}/_SUCCESS`]: '',
        [`results/copy-${T}/part-numbers-0-00000000000000000000`]: '0\n2\n',
        [`results/copy-${T}/part-numbers-1-00000000000000000000`]: '1\n',
        [`results/copy-${T + 5000}/_SUCCESS`]: '',
        [`results/copy-${T + 5000}/part-numbers-0-00000000000000000002`]: '6\n',
        [`results/copy-${T + 5000}/part-numbers-1-00000000000000000001`]: '5\n',
      })
      const again = await batch(...from('logs/'), ...to('out'), '--json')
      expect(JSON.parse(again.stdout)).toMatchObject({ written: 0, alike: 2 })
    })

    it('refuses to replace what says something else, and replaces it when asked', async () => {
      await put(`kept/results/copy-${T}/part-numbers-0-00000000000000000000`, 'other\n')
      await put(`kept/results/copy-${T}/_SUCCESS`, '')
      const refused = await batch(...from('logs/a.ndjson'), ...to('kept'))
      expect(refused.stderr).toContain('OBJECTS_DIFFER')
      expect(refused.code).toBe(3)
      expect((await published('kept'))[`results/copy-${T}/part-numbers-0-00000000000000000000`]).toBe('other\n')
      const replaced = await batch(...from('logs/a.ndjson'), ...to('kept'), '--replace')
      expect(replaced.code).toBe(0)
      expect((await published('kept'))[`results/copy-${T}/part-numbers-0-00000000000000000000`]).toBe('0\n2\n')
    })

    it('says what is not there', async () => {
      const [nothing, noBucket, nowhere] = await Promise.all([
        batch(...from('none/'), ...to('out')),
        batch('--topic', `numbers=s3://${unique('none')}/logs`, ...to('out')),
        batch(...from('logs/'), '--out', `s3://${unique('none')}/out`),
      ])
      expect(nothing.stderr).toContain(`s3://${bucket}/none/ has no files to read`)
      expect(noBucket.stderr).toMatch(/ListObjectsV2.*NoSuchBucket/s)
      expect(nowhere.stderr).toContain('NoSuchBucket')
      expect([nothing, noBucket, nowhere].map(({ code }) => code)).not.toContain(0)
    })

    it('finds more than one page of objects', async () => {
      for (let i = 0; i < 1010; i += 101)
        await Promise.all(Array.from({ length: 101 }, (_, j) => put(`many/${i + j}.ndjson`, line(0))))
      const files = await listFiles(`s3://${bucket}/many`, () => s3)
      expect(files.map(({ name }) => name)).toEqual(
        Array.from({ length: 1010 }, (_, i) => `s3://${bucket}/many/${i}.ndjson`),
      )
    })
  })
}
