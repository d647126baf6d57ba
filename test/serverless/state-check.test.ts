// `serverless deploy` of a job that does not fit its state (I5): refused with the diff before the stack is touched, by the real
// framework against a table that speaks DynamoDB's protocol, and an AWS that writes down what it is asked.

import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { ServiceFailedError, ServiceForbiddenError, ServiceMissingError } from '../../src/errors/service-errors.ts'
import { checkState, stateFacts } from '../../src/serverless/state-check.ts'
import { dynamoTable } from '../../src/stores/dynamo-table.ts'
import { memoryTable } from '../../src/stores/memory-table.ts'
import { createTable } from '../../src/stores/table-definition.ts'
import { EMULATED, startDynalite } from '../contract/dynalite.ts'
import { describedJob } from './sample.ts'
import { ServiceFolder } from './service-folder.ts'

// A run of the framework takes 2 s, more when the machine has other things to do.
vi.setConfig({ testTimeout: 600_000, hookTimeout: 120_000 })

const operator = (id: string) => ({ id, kind: 'updateStateByKey', numPartitions: 2, stage: id })
const schema = (...ids: string[]) => ({ batch: 1000, time: 'record', operators: ids.map(operator) })
const kept = (...ids: string[]) => ({ rev: 1, data: { owner: 'f', code: 'c', schema: JSON.stringify(schema(...ids)) } })

describe('the check', () => {
  const facts = (name: string, ...ids: string[]) =>
    stateFacts({ functionName: name, job: describedJob(name, { schema: schema(...ids) }) }, new Map())

  it('tells what changes, and refuses what does not fit, of all jobs at once', async () => {
    const table = memoryTable()
    await table.createRow('a', 'meta', kept('x'))
    await table.createRow('b', 'meta', kept('y'))
    expect(await checkState([facts('a', 'x', 'z'), facts('new', 'q')], table, [])).toEqual({
      changes: [expect.stringContaining('job a: + z: new')],
      warning: undefined,
    })
    const changed = [facts('a', 'x2'), facts('b', 'y2')]
    await expect(checkState(changed, table, [])).rejects.toMatchObject({
      code: 'INCOMPATIBLE_JOB',
      message: expect.stringMatching(/job 'a'.*x is gone.*job 'b'.*y is gone/s),
    })
    await expect(checkState(changed, table, ['x'])).rejects.toThrow("job 'b'")
    await expect(checkState(changed, table, ['x', 'y'])).resolves.toMatchObject({ warning: undefined })
  })

  it('knows the partitions of topics that state is in', () => {
    const inPlace = { ...operator('x'), topic: 'lines', numPartitions: 0 }
    const job = describedJob('a', { schema: { ...schema(), operators: [inPlace, operator('y')] } })
    const { operators } = stateFacts({ functionName: 'a', job }, new Map([['lines', 7]])).schema
    expect(operators.map(({ numPartitions }) => numPartitions)).toEqual([7, 2])
  })

  it('takes a missing table for the first deployment, says what may not be read, and never passes over what is unreadable', async () => {
    const failing = (error: Error) => ({ ...memoryTable(), getRow: () => Promise.reject(error) })
    const trouble = ['dynamodb', 'GetItem', 'no', {}, undefined] as const
    const missing = new ServiceMissingError('TABLE_MISSING', ...trouble)
    expect(await checkState([facts('a', 'x')], failing(missing), [])).toEqual({ changes: [], warning: undefined })
    for (const Class of [ServiceForbiddenError, ServiceFailedError]) {
      const { warning } = await checkState([facts('a', 'x')], failing(new Class('TABLE_FORBIDDEN', ...trouble)), [])
      expect(warning).toMatch(/could not be held against the state that they have.*TABLE_FORBIDDEN: no/)
    }
    const table = memoryTable()
    await table.createRow('a', 'meta', { rev: 1, data: { schema: '{' } })
    await expect(checkState([facts('a', 'x')], table, [])).rejects.toMatchObject({ code: 'UNREADABLE_STATE' })
  })
})

describe('serverless deploy', () => {
  let dynalite: Awaited<ReturnType<typeof startDynalite>>
  let aws: Server
  let service: ServiceFolder
  let asked: string[] = []
  let deployedTemplate: string | undefined
  let env: Record<string, string> = {}

  const code = (operators: string) => `import { job, text } from 'millrace'
import { lambda } from 'millrace/lambda'
const count = (ones: readonly number[], n: number | undefined): number => (n ?? 0) + ones.length
export const handler = lambda(job('words', { batch: '5s' }, ({ kafka }) => {
  kafka('lines', { value: text() }).map(({ value }) => [value, 1] as const)${operators}.saveAsTextFiles('s3://results/words')
}))
`
  beforeAll(async () => {
    dynalite = await startDynalite()
    aws = createServer((request, response) => {
      request.setEncoding('utf8')
      let body = ''
      request.on('data', (text: string) => {
        body += text
      })
      request.on('end', () => {
        const action = new URLSearchParams(body).get('Action') ?? `${request.method} ${request.url}`
        asked.push(action)
        if (action === 'GetTemplate' && deployedTemplate !== undefined) {
          const text = deployedTemplate.replace(/[<&]/g, (char) => `&#${char.charCodeAt(0)};`)
          const xml = `<GetTemplateResponse><GetTemplateResult><TemplateBody>${text}</TemplateBody></GetTemplateResult></GetTemplateResponse>`
          return void response.writeHead(200, { 'content-type': 'text/xml' }).end(xml)
        }
        response
          .writeHead(400, { 'content-type': 'text/xml' })
          .end('<ErrorResponse><Error><Code>No</Code></Error></ErrorResponse>')
      })
    }).listen(0, '127.0.0.1')
    await once(aws, 'listening')
    const address = aws.address()
    const port = typeof address === 'object' ? address?.port : undefined
    env = { AWS_ENDPOINT_URL: `http://127.0.0.1:${port}`, AWS_ENDPOINT_URL_DYNAMODB: dynalite.endpoint }
    service = await ServiceFolder.make({
      'serverless.yml': `service: shop
provider: { name: aws, runtime: nodejs24.x, region: us-east-1, stage: test }
plugins: [./src/serverless/index.ts]
custom:
  millrace:
    kafka: { bootstrapServers: '127.0.0.1:1', partitions: { lines: 1 } }
    jobs: { words: { handler: functions/words.handler } }
`,
      'functions/words.ts': code('.updateStateByKey(count)'),
    })
  })
  afterAll(async () => {
    aws?.closeAllConnections()
    aws?.close()
    await dynalite?.stop()
    await service?.remove()
  })

  async function serverless(...words: string[]): Promise<{ failed: boolean; said: string }> {
    asked = []
    try {
      return { failed: false, said: await service.serverless(words, env) }
    } catch (error) {
      return { failed: true, said: String(error) }
    }
  }
  const stack = () => asked.filter((action) => /Stack|ChangeSet/.test(action))

  it('packages offline, whatever the state', async () => {
    expect((await serverless('package')).failed).toBe(false)
    expect(asked).toEqual([])
  })

  it('goes on to the stack when there is no table yet', async () => {
    const { said } = await serverless('deploy')
    expect(said).not.toContain('could not be held against')
    expect(stack()).not.toEqual([])
  })

  it('refuses with the diff before the stack is touched, and goes on with what is accepted', async () => {
    const client = new DynamoDBClient({ endpoint: dynalite.endpoint, ...EMULATED })
    await createTable(client, 'shop-test-millrace')
    const table = dynamoTable({ table: 'shop-test-millrace', client })
    await table.createRow('words', 'meta', kept('updateStateByKey(lines)'))
    client.destroy()
    const was = {
      batch: 5000,
      time: 'record',
      operators: [{ ...operator('updateStateByKey(lines)'), numPartitions: 4 }],
    }
    await table.replaceRow('words', 'meta', { rev: 2, data: { ...kept().data, schema: JSON.stringify(was) } }, 1)

    await service.write('functions/words.ts', code(".updateStateByKey(count, { id: 'counts' })"))
    for (const words of [['deploy'], ['deploy', '--accept', 'something else']]) {
      const { failed, said } = await serverless(...words)
      expect(failed).toBe(true)
      expect(said).toContain("formerly: 'updateStateByKey(lines)' at counts")
      expect(said).not.toMatch(/plugin-manager/)
      expect(stack()).toEqual([])
    }
    await serverless('deploy', '--accept', 'updateStateByKey(lines)')
    expect(stack()).not.toEqual([])
    const template = await service.read('.serverless/cloudformation-template-update-stack.json')
    expect(template).toContain('"MILLRACE_ACCEPT": "[\\"updateStateByKey(lines)\\"]"')

    // The same of a package that was made before.
    await serverless('package', '--package', 'made')
    const packaged = await serverless('deploy', '--package', 'made')
    expect(packaged.said).toContain('does not fit the state that is there')
    expect(stack()).toEqual([])
    await service.write(
      'functions/words.ts',
      code(".updateStateByKey(count, { id: 'counts', formerly: 'updateStateByKey(lines)' })"),
    )
    await serverless('deploy')
    expect(stack()).not.toEqual([])
  })

  it('refuses what CloudFormation would only find out with a rollback', async () => {
    const template = await service.read('.serverless/cloudformation-template-update-stack.json')
    deployedTemplate = template.replace('"StartingPosition": "TRIM_HORIZON"', '"StartingPosition": "LATEST"')
    expect(deployedTemplate).not.toBe(template)
    const { failed, said } = await serverless('deploy')
    expect(failed).toBe(true)
    expect(said).toContain('topic lines begins at LATEST, and would begin at TRIM_HORIZON')
    expect(stack()).toEqual([])
    deployedTemplate = template
    await serverless('deploy')
    expect(stack()).not.toEqual([])
  })
})
