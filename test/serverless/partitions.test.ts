import { once } from 'node:events'
import { createServer as createHttpServer, type Server } from 'node:http'
import { createServer } from 'node:net'
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { signed } from '../../src/serverless/aws-request.ts'
import type { KafkaCluster } from '../../src/serverless/options.ts'
import { knownPartitions } from '../../src/serverless/partitions.ts'

const cluster = (more: Partial<KafkaCluster>): KafkaCluster => ({
  bootstrapServers: ['127.0.0.1:1'],
  mskArn: undefined,
  access: [],
  partitions: new Map(),
  ...more,
})

const MSK = 'arn:aws:kafka:eu-central-1:123456789012:cluster/events/0f0f0f0f-1'
const SECRET = 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:AmazonMSK_events'
const caller = { region: 'us-east-1', credentials: async () => ({ accessKeyId: 'AKID', secretAccessKey: 'x' }) }

/** AWS, as far as it is asked: it answers what it is told to, in turn. */
let aws: Server
let answers: (readonly [status: number, body: object])[] = []
const requests: { url: string; authorization: string; target: unknown; body: string }[] = []
beforeAll(async () => {
  aws = createHttpServer(async (request, response) => {
    let body = ''
    for await (const chunk of request) body += chunk
    const { authorization = '', 'x-amz-target': target } = request.headers
    requests.push({ url: request.url ?? '', authorization, target, body })
    const [status, answer] = answers.shift() ?? [500, {}]
    response.writeHead(status).end(JSON.stringify(answer))
  }).listen(0, '127.0.0.1')
  await once(aws, 'listening')
  const address = aws.address()
  vi.stubEnv('AWS_ENDPOINT_URL', `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`)
})
beforeEach(() => void requests.splice(0))
afterAll(() => {
  vi.unstubAllEnvs()
  aws?.close()
})

test('given counts need no broker', async () => {
  const partitions = new Map([['lines', 4]])
  expect(await knownPartitions(cluster({ partitions }), ['lines'])).toEqual({ counts: partitions, warning: undefined })
})

test('brokers that are out of reach are said so, in one line that tells what follows', async () => {
  const { counts, warning } = await knownPartitions(cluster({}), ['lines', 'clicks'])
  expect(counts.size).toBe(0)
  expect(warning).toMatch(
    /^Number of partitions of topics lines, clicks unknown \(the cluster at 127\.0\.0\.1:1 could not be asked: .*ECONNREFUSED/,
  )
  expect(warning).toMatch(/custom\.millrace\.kafka\.partitions/)
  expect(warning).not.toContain('\n')
})

test('a broker that never answers is given up', async () => {
  const silent = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => silent.once('listening', resolve))
  const address = silent.address()
  const port = typeof address === 'object' ? address?.port : 0
  try {
    const { warning } = await knownPartitions(cluster({ bootstrapServers: [`127.0.0.1:${port}`] }), ['lines'], {
      patienceMs: 200,
    })
    expect(warning).toMatch(/topic lines unknown/)
  } finally {
    silent.close()
  }
})

test('nobody is asked for anything by a package alone', async () => {
  const msk = await knownPartitions(cluster({ bootstrapServers: [], mskArn: MSK }), ['lines'])
  expect(msk.warning).toMatch(/MSK is asked when the service is deployed/)
  const access = [{ Type: 'SASL_SCRAM_512_AUTH', URI: SECRET }]
  expect((await knownPartitions(cluster({ access }), ['lines'])).warning).toMatch(/want credentials/)
  expect(requests).toEqual([])
})

describe('while deploying', () => {
  const msk = cluster({ bootstrapServers: [], mskArn: MSK })

  test('MSK says how many partitions topics have, page by page', async () => {
    answers = [
      [200, { topics: [{ topicName: 'others', partitionCount: 9 }], nextToken: 'a b' }],
      [200, { topics: [{ topicName: 'lines', partitionCount: 12 }] }],
    ]
    const { counts, warning } = await knownPartitions(msk, ['lines'], { caller })
    expect([counts, warning]).toEqual([new Map([['lines', 12]]), undefined])
    const path = `/v1/clusters/${encodeURIComponent(MSK)}/topics`
    expect(requests.map(({ url }) => url)).toEqual([path, `${path}?nextToken=a%20b`])
    expect(requests[0]?.authorization).toMatch(/Credential=AKID\/\d{8}\/eu-central-1\/kafka\/aws4_request/)
  })

  test('a topic that is not there refuses the deployment, and says what to do', async () => {
    answers = [[200, { topics: [{ topicName: 'line', partitionCount: 1 }] }]]
    await expect(knownPartitions(msk, ['lines', 'clicks'], { caller })).rejects.toMatchObject({
      code: 'TOPIC_MISSING',
      message: expect.stringMatching(/the MSK cluster has no topics lines, clicks.*after a minute.*kafka\.partitions/),
    })
    expect(
      (await knownPartitions(cluster({ ...msk, partitions: new Map([['lines', 2]]) }), ['lines'], { caller })).counts,
    ).toEqual(new Map([['lines', 2]]))
  })

  test.each([
    [403, { message: 'not authorized to perform kafka:ListTopics' }, /could not be asked: 403 not authorized/],
    [400, { message: 'not supported for serverless clusters' }, /could not be asked: 400 not supported/],
    [200, {}, /could not be asked: its answer has no list/],
  ])('who may not ask MSK gets a warning (%i)', async (status, body, warning) => {
    answers = [[status, body]]
    expect((await knownPartitions(msk, ['lines'], { caller })).warning).toMatch(warning)
  })

  test('a cluster that only CloudFormation knows is not asked', async () => {
    const theirs = cluster({ bootstrapServers: [], mskArn: { 'Fn::ImportValue': 'events' } })
    expect((await knownPartitions(theirs, ['lines'], { caller })).warning).toMatch(/only CloudFormation knows/)
  })

  test.each([
    [
      'SASL_SCRAM_512_AUTH',
      { SecretString: '{"username":"me","password":"s3cret"}' },
      /127\.0\.0\.1:1 could not be asked/,
    ],
    ['SASL_SCRAM_512_AUTH', { SecretString: '{"user":"me"}' }, /has no username and password/],
    ['BASIC_AUTH', { SecretString: 's3cret' }, /is no JSON/],
    [
      'CLIENT_CERTIFICATE_TLS_AUTH',
      { SecretString: '{"certificate":"none","privateKey":"none"}' },
      /could not be asked/,
    ],
  ])('brokers are asked with what the mapping logs in with: %s', async (Type, secret, warning) => {
    answers = [[200, secret]]
    const found = await knownPartitions(cluster({ access: [{ Type, URI: SECRET }] }), ['lines'], { caller })
    expect(requests).toMatchObject([
      { target: 'secretsmanager.GetSecretValue', body: JSON.stringify({ SecretId: SECRET }) },
    ])
    expect(found.warning).toMatch(warning)
    expect(found.warning).not.toContain('s3cret')
  })
})

test('requests are signed as AWS says', () => {
  // The test suite of AWS, get-vanilla: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
  const request = { service: 'service', method: 'GET', path: '/', endpoint: 'https://example.amazonaws.com' } as const
  const credentials = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY' }
  const at = new Date('2015-08-30T12:36:00Z')
  expect(signed(request, 'us-east-1', credentials, at).authorization).toMatch(
    /Signature=5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31$/,
  )
  // As the AWS SDK signs it.
  const path = `/v1/clusters/${encodeURIComponent('arn:aws:kafka:eu-central-1:123456789012:cluster/events/0f-1')}/topics`
  const page = {
    ...request,
    service: 'kafka',
    path,
    query: { nextToken: 'a+b/c=' },
    endpoint: 'https://kafka.eu-central-1.amazonaws.com',
  }
  expect(signed(page, 'eu-central-1', { ...credentials, sessionToken: 't' }, at).authorization).toMatch(
    /Signature=4068d57f6ee36124bd774465d610641a3c41909b09885e2734622e28c200a44d$/,
  )
})
