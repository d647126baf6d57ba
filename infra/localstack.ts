// LocalStack in host mode, without Docker: DynamoDB, S3, SQS, Lambda (functions as Node.js processes), CloudFormation and
// the rest, on loopback, as many side by side as wanted. Needs Python 3.11, a JDK and, the first time, Maven and npm.

import { mkdir, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { untilHealthy } from './health.ts'
import { installLocalStack, type LocalStackFiles } from './localstack/install.ts'
import { freePorts } from './ports.ts'
import { type ProcessRef, type Started, startProcess, stopProcess } from './process.ts'
import { findProgram } from './program.ts'
import { makeTempFolder, removeTempFolder } from './temp.ts'

export interface LocalStackOptions {
  readonly port?: number
}

export interface LocalStack extends ProcessRef {
  readonly endpoint: string
  /** Its files and logs. */
  readonly dir: string
  /** Empties every service; running functions are stopped. */
  reset(): Promise<void>
  /** Stops it and everything it has started, and removes its files. */
  stop(): Promise<void>
}

export async function startLocalStack(options: LocalStackOptions = {}): Promise<LocalStack> {
  const files = await installLocalStack()
  const dir = await makeTempFolder('localstack')
  const port = options.port ?? (await freePorts(1))[0]
  const endpoint = `http://127.0.0.1:${port}`
  const log = join(dir, 'localstack.log')
  let server: Started | undefined
  const stop = async () => {
    if (server) await stopProcess(server) // it keeps nothing, so there is nothing to close
    await removeTempFolder(dir)
  }
  try {
    const env = await environment(dir, `127.0.0.1:${port}`, files)
    const args = ['-m', 'millrace_localstack']
    server = await startProcess(files.python, args, { log, env, cwd: dir })
    await untilHealthy(`${endpoint}/_localstack/health`, server, log)
  } catch (error) {
    await stop()
    throw error
  }
  return {
    pid: server.pid,
    born: server.born,
    endpoint,
    dir,
    reset: async () => {
      const answer = await fetch(`${endpoint}/_localstack/state/reset`, { method: 'POST' })
      if (!answer.ok) throw new Error(`LocalStack could not be reset: ${await answer.text()}`)
    },
    stop,
  }
}

/** Nothing of this process's environment but where programs are: credentials and endpoints of a user have no business there. */
async function environment(dir: string, address: string, files: LocalStackFiles): Promise<Record<string, string>> {
  const root = join(dir, 'root')
  const temp = join(dir, 'tmp')
  const state = join(root, 'var', 'lib', 'localstack')
  await mkdir(temp)
  await mkdir(state, { recursive: true })
  await mkdir(join(root, 'usr', 'lib'), { recursive: true })
  await symlink(files.packages, join(state, 'lib')) // shared by all instances, as is the next
  await symlink(files.prepared, join(root, 'usr', 'lib', 'localstack'))
  return {
    PATH: process.env.PATH ?? '',
    HOME: dir,
    LANG: 'C.UTF-8',
    TMPDIR: temp,
    PYTHONPATH: fileURLToPath(new URL('localstack/plugin', import.meta.url)),
    PYTHONPYCACHEPREFIX: files.bytecode,
    REAL_JAVA: (await findProgram('java')) ?? 'java',
    FILESYSTEM_ROOT: root,
    GATEWAY_LISTEN: address,
    LOCALSTACK_HOST: address,
    OVERRIDE_IN_DOCKER: '0',
    DNS_ADDRESS: '0', // no DNS server
    SKIP_SSL_CERT_DOWNLOAD: '1',
    DISABLE_EVENTS: '1', // no usage statistics
    DYNAMODB_IN_MEMORY: '1',
    SQS_ENDPOINT_STRATEGY: 'path', // queue URLs that resolve without DNS
    LAMBDA_RUNTIME_EXECUTOR: 'node',
    MILLRACE_NODEJS22_X: files.node['nodejs22.x'],
    MILLRACE_NODEJS24_X: files.node['nodejs24.x'],
  }
}
