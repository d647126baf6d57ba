// docs/deploy.md, done as it is printed: its serverless.yml and its function in a folder, and the commands of "Without AWS".

import { readFile, symlink } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { run } from '../../../infra/run.ts'
import { KafkaService } from '../../integration/poller/kafka-service.ts'
import { bootstrap, describeWith, endpoints, unique } from '../../integration/poller/services.ts'
import { REPOSITORY, ServiceFolder } from '../../serverless/service-folder.ts'
import { Deployed } from './deployed.ts'

const PAGE = await readFile(join(REPOSITORY, 'docs/deploy.md'), 'utf8')

const block = (language: string, after = ''): string =>
  new RegExp(`\`\`\`${language}\n([\\s\\S]*?)\`\`\``).exec(PAGE.slice(PAGE.indexOf(after)))?.[1] ?? ''

describeWith(bootstrap, endpoints.localstack)('docs/deploy.md', () => {
  // A name of its own, since services are shared; else as it is printed.
  const service = unique('shop')
  const topic = unique('words')
  const deployed = new Deployed(endpoints.localstack, 'eu-central-1', `${service}-dev-words`)
  let folder: ServiceFolder
  let kafka: KafkaService

  beforeAll(async () => {
    kafka = await new KafkaService(bootstrap).connect()
    folder = await ServiceFolder.make({
      'serverless.yml': block('yaml')
        .replace('service: shop', `service: ${service}`)
        .replace('!Sub shop-', `!Sub ${service}-`)
        .replace('- millrace/serverless', '- ./src/serverless/index.ts'),
      'functions/words.ts': block('ts').replace("kafka('words'", `kafka('${topic}'`),
    })
    await symlink(join(REPOSITORY, 'node_modules'), join(folder.path, 'node_modules'))
  })
  afterAll(async () => {
    await run('sh', ['-c', commands('remove')], options()).catch(() => {})
    deployed.close()
    await kafka?.close()
    await folder?.remove()
  })

  const commands = (what: 'deploy' | 'remove'): string =>
    `${block('sh', '## Without AWS')
      .replace('http://127.0.0.1:4566', endpoints.localstack)
      .replace('127.0.0.1:9092', bootstrap)
      .trim()
      .replace('npx serverless deploy', `npx serverless ${what}`)} 2>&1`
  const options = () => ({
    cwd: folder.path,
    timeout: 240_000,
    env: { PATH: `${dirname(process.execPath)}:${process.env.PATH}`, HOME: folder.path },
  })

  it('refuses a topic that is not there yet', async () => {
    const said = await run('sh', ['-c', commands('deploy')], options()).then(() => 'deployed', String)
    expect(said).toMatch(new RegExp(`Nothing was deployed: the cluster at .* has no topic ${topic}`))
  })

  it('deploys what it shows', async () => {
    await kafka.createTopic(topic, 3)
    await run('sh', ['-c', commands('deploy')], options())
    expect(await deployed.variables()).toMatchObject({ MILLRACE_PARTITIONS: `${topic}=3`, MILLRACE_METRICS: 'emf' })
    expect(await deployed.mappings()).toHaveLength(2)
  })
})
