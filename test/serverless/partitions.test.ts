import { createServer } from 'node:net'
import { expect, test } from 'vitest'
import type { KafkaCluster } from '../../src/serverless/options.ts'
import { knownPartitions } from '../../src/serverless/partitions.ts'

const cluster = (more: Partial<KafkaCluster>): KafkaCluster => ({
  bootstrapServers: ['127.0.0.1:1'],
  mskArn: undefined,
  access: [],
  partitions: new Map(),
  ...more,
})

test('given counts need no broker', async () => {
  const partitions = new Map([['lines', 4]])
  expect(await knownPartitions(cluster({ partitions }), ['lines'])).toEqual({ counts: partitions, warning: undefined })
})

test('brokers that are out of reach are said so, in one line that tells what follows', async () => {
  const { counts, warning } = await knownPartitions(cluster({}), ['lines', 'clicks'])
  expect(counts.size).toBe(0)
  expect(warning).toMatch(/^Number of partitions of topics lines, clicks unknown \(127\.0\.0\.1:1: .*ECONNREFUSED/)
  expect(warning).toMatch(/custom\.millrace\.kafka\.partitions/)
  expect(warning).not.toContain('\n')
})

test('a broker that never answers is given up', async () => {
  const silent = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => silent.once('listening', resolve))
  const address = silent.address()
  const port = typeof address === 'object' ? address?.port : 0
  try {
    const { warning } = await knownPartitions(cluster({ bootstrapServers: [`127.0.0.1:${port}`] }), ['lines'], 200)
    expect(warning).toMatch(/topic lines unknown/)
  } finally {
    silent.close()
  }
})

test('clusters that cannot be asked are not', async () => {
  const msk = await knownPartitions(cluster({ bootstrapServers: [], mskArn: 'arn:aws:kafka:…' }), ['lines'])
  expect(msk.warning).toMatch(/an MSK cluster cannot be asked/)
  const access = [{ Type: 'SASL_SCRAM_512_AUTH', URI: 'arn:…' }]
  expect((await knownPartitions(cluster({ access }), ['lines'])).warning).toMatch(/want credentials/)
})
