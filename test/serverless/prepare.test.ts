import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { FunctionConfig, ProviderConfig, Serverless } from '../../src/serverless/framework.ts'
import { checkPluginOptions } from '../../src/serverless/options.ts'
import { packageJobs } from '../../src/serverless/package.ts'
import { type Prepared, prepareDeployment } from '../../src/serverless/prepare.ts'
import { ServiceFolder } from './service-folder.ts'

const job = (name: string) => `import { job, text } from 'millrace'
import { lambda } from 'millrace/lambda'
const definition = job('${name}', { batch: '5s' }, ({ kafka }) => {
  kafka('lines', { value: text() }).print()
})
export const handler = lambda(definition)
`

let service: ServiceFolder
beforeAll(async () => {
  service = await ServiceFolder.make({ 'a.ts': job('words'), 'b.ts': job('words') })
})
afterAll(() => service.remove())

const KAFKA = { bootstrapServers: ['127.0.0.1:1'], partitions: { lines: 4 } }
const template = () => ({ compiledCloudFormationTemplate: { Resources: {} } })

function prepare(functions: Record<string, FunctionConfig>, { emulated = true, deploying = true } = {}) {
  const jobs = Object.fromEntries(Object.keys(functions).map((name) => [name, {}]))
  const facts = {
    service: 'shop',
    stage: 'dev',
    region: 'eu-central-1',
    serviceDir: service.path,
    provider: template(),
    functions,
    emulated,
    deploying,
    caller: { region: 'eu-central-1', credentials: async () => ({ accessKeyId: 'x', secretAccessKey: 'x' }) },
  }
  return prepareDeployment(facts, checkPluginOptions({ millrace: { kafka: KAFKA, jobs } }))
}

describe('nothing is deployed when', () => {
  test('two functions have one job name', async () => {
    await expect(prepare({ one: { handler: 'a.handler' }, two: { handler: 'b.handler' } })).rejects.toMatchObject({
      name: 'InvalidOptionError',
      message: expect.stringMatching(/the functions 'one' and 'two' both run a job named 'words'/),
    })
  })

  test('a job has no handler', async () => {
    await expect(prepare({ lost: {} })).rejects.toThrow('custom.millrace.jobs.lost has no handler')
  })

  test('its runtime is too old', async () => {
    const functions = { one: { handler: 'a.handler', runtime: 'nodejs20.x' } }
    await expect(prepare(functions)).rejects.toThrow('Millrace runs on nodejs24.x and nodejs22.x, not nodejs20.x')
  })

  test('Lambda could not get to the brokers', async () => {
    const given = prepare({ one: { handler: 'a.handler' } }, { emulated: false })
    await expect(given).rejects.toThrow(/kafka\.accessConfigurations is missing/)
    const alone = await prepare({ one: { handler: 'a.handler' } }, { emulated: false, deploying: false })
    expect(alone.warnings).toEqual([expect.stringMatching(/AWS will not take this package/)])
  })
})

describe('with roles: service, permissions are added', () => {
  const own = { Effect: 'Allow', Action: 'sns:Publish', Resource: '*' }

  let deployment: Prepared['deployment']
  beforeAll(async () => {
    deployment = (await prepare({ one: { handler: 'a.handler' } })).deployment
  })

  async function packaged(given: Partial<ProviderConfig>): Promise<ProviderConfig> {
    const functions: Record<string, FunctionConfig> = { one: { handler: 'a.handler' } }
    const provider: ProviderConfig = { ...template(), ...given }
    const serverless: Pick<Serverless, 'service' | 'serviceDir'> = {
      serviceDir: service.path,
      service: { service: 'shop', provider, functions },
    }
    await packageJobs(serverless, { ...deployment, options: { ...deployment.options, roles: 'service' } })
    expect(functions.one).toMatchObject({
      handler: 'index.handler',
      package: { artifact: join(service.path, '.serverless/one.zip'), individually: true },
    })
    return provider
  }

  test.each([
    ['to nothing', {}, []],
    ['to the service’s own', { iam: { role: { statements: [own] } } }, [own]],
    ['to those in the older place', { iamRoleStatements: [own] }, [own]],
  ])('%s', async (_, given, before) => {
    const { iam } = await packaged(given)
    const statements = typeof iam?.role === 'object' ? (iam.role.statements ?? []) : []
    expect(statements.slice(0, before.length)).toEqual(before)
    expect(JSON.stringify(statements)).toContain('dynamodb:PutItem')
  })

  test.each([
    ['is named', { iam: { role: 'arn:aws:iam::123456789012:role/jobs' } }],
    ['is of another stack', { iam: { role: { 'Fn::ImportValue': 'JobsRole' } } }],
    ['stands in the older place', { role: 'arn:aws:iam::123456789012:role/jobs' }],
  ])('to no role that %s', async (_, given) => {
    expect(await packaged(given)).toEqual({ ...template(), ...given })
  })
})
