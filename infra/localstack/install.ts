// Once per machine: LocalStack with its pinned dependencies, DynamoDB Local, and the Node.js versions that functions run on.
// About 65 s and 600 MB. The plugin is not part of it: LocalStack reads that from this repository.

import { chmod, copyFile, mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { fingerprint, installOnce } from '../cache.ts'
import { run } from '../run.ts'

export interface LocalStackFiles {
  readonly python: string
  /** Compiled Python of all instances, the plugin's included, so that none of it lands in this repository. */
  readonly bytecode: string
  /** LocalStack's folder of packages that it would download itself. */
  readonly packages: string
  /** LocalStack's folder of what is prepared when its image is built. */
  readonly prepared: string
  /** The binaries by Lambda runtime. */
  readonly node: Readonly<Record<'nodejs22.x' | 'nodejs24.x', string>>
}

const HERE = fileURLToPath(new URL('.', import.meta.url))
const INPUTS = ['install.ts', 'requirements.txt', 'constraints.txt', 'pom.xml', 'DdbLoopback.java', 'java.sh']

/** The versions of Node.js; npm's package `node` carries the real binary. */
const RUNTIMES = { node22: 'npm:node@22.23.3', node24: 'npm:node@24.21.0' }

export async function installLocalStack(): Promise<LocalStackFiles> {
  const inputs = await Promise.all(INPUTS.map((name) => readFile(join(HERE, name), 'utf8')))
  const name = `localstack-${fingerprint(...inputs, JSON.stringify(RUNTIMES))}`
  const folder = await installOnce(name, async (target) => {
    await Promise.all([
      installPython(target),
      installDynamoDb(join(target, 'packages')),
      installNode(join(target, 'node')),
    ])
  })
  const node = (version: string) => join(folder, 'node', 'node_modules', version, 'bin', 'node')
  return {
    python: join(folder, 'venv', 'bin', 'python'),
    bytecode: join(folder, 'bytecode'),
    packages: join(folder, 'packages'),
    prepared: join(folder, PREPARED),
    node: { 'nodejs22.x': node('node22'), 'nodejs24.x': node('node24') },
  }
}

const PREPARED = 'usr/lib/localstack'

async function installPython(folder: string): Promise<void> {
  const venv = join(folder, 'venv')
  await run('python3', ['-m', 'venv', venv])
  const [requirements, constraints] = [join(HERE, 'requirements.txt'), join(HERE, 'constraints.txt')]
  await run(join(venv, 'bin', 'pip'), ['install', '-q', '--no-compile', '-r', requirements, '-c', constraints])
  // The index of all AWS operations, which every new instance would need 3 s to make.
  await mkdir(join(folder, PREPARED), { recursive: true })
  const env = { ...process.env, FILESYSTEM_ROOT: folder, OVERRIDE_IN_DOCKER: '0' }
  await run(join(venv, 'bin', 'python'), ['-m', 'localstack.aws.spec'], { env, cwd: folder })
}

/** Laid out as LocalStack lays it out, so that it takes DynamoDB Local and a Java for installed. */
async function installDynamoDb(packages: string): Promise<void> {
  const dynamodb = join(packages, 'dynamodb-local', '2')
  const jars = join(dynamodb, 'DynamoDBLocal_lib')
  const java = join(packages, 'java', '21', 'bin', 'java')
  await mkdir(dynamodb, { recursive: true })
  await mkdir(dirname(java), { recursive: true })
  await run('mvn', [
    ...['-q', '-B', '-f', join(HERE, 'pom.xml')],
    'org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies',
    ...['-DincludeScope=runtime', `-DoutputDirectory=${jars}`],
  ])
  await run('javac', ['-cp', join(jars, '*'), '-d', dynamodb, join(HERE, 'DdbLoopback.java')])
  await copyFile(join(HERE, 'java.sh'), java)
  await chmod(java, 0o755)
  await writeFile(join(dynamodb, 'DynamoDBLocal.jar'), '') // LocalStack looks for this file, java.sh does not run it
}

async function installNode(folder: string): Promise<void> {
  await mkdir(folder)
  await writeFile(join(folder, 'package.json'), JSON.stringify({ private: true, dependencies: RUNTIMES }))
  await run('npm', ['install', '--silent', '--no-audit', '--no-fund'], { cwd: folder })
}
