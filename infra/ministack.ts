// MiniStack, the second emulator: one light Python process (35 MB, up in half a second) with DynamoDB, S3, SQS and Lambda.
// Needs Python 3.11 or later. Functions run as Node.js processes on the `node` first on its PATH.

import { mkdir, readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { fingerprint, installOnce } from './cache.ts'
import { untilHealthy } from './health.ts'
import { freePorts } from './ports.ts'
import { type ProcessRef, type Started, startProcess, stopProcess } from './process.ts'
import { run } from './run.ts'
import { makeTempFolder, removeTempFolder } from './temp.ts'

export interface MiniStackOptions {
  readonly port?: number
  /** What it tells about MSK clusters: the bootstrap servers of a real Kafka. */
  readonly kafka?: string
  /** A folder in which it keeps all that it has when it is stopped; default: it keeps nothing. Uploads that are open are lost all the same. */
  readonly keep?: string
}

export interface MiniStack extends ProcessRef {
  readonly endpoint: string
  /** Its files and log. */
  readonly dir: string
  stop(): Promise<void>
}

/** How long it may take to write down what it has. */
const SAVED_WITHIN_MS = 30_000

const REQUIREMENTS = fileURLToPath(new URL('ministack/requirements.txt', import.meta.url))

export async function installMiniStack(): Promise<string> {
  const name = `ministack-${fingerprint(await readFile(REQUIREMENTS, 'utf8'))}`
  const folder = await installOnce(name, async (target) => {
    await run('python3', ['-m', 'venv', target])
    await run(join(target, 'bin', 'pip'), ['install', '-q', '-r', REQUIREMENTS])
  })
  return join(folder, 'bin', 'ministack')
}

export async function startMiniStack(options: MiniStackOptions = {}): Promise<MiniStack> {
  const program = await installMiniStack()
  const { keep } = options
  const dir = keep ?? (await makeTempFolder('ministack'))
  const port = options.port ?? (await freePorts(1))[0]
  const endpoint = `http://127.0.0.1:${port}`
  const log = join(dir, 'ministack.log')
  let server: Started | undefined
  const stop = async () => {
    // What keeps nothing has nothing to close.
    if (server) await stopProcess(server, keep === undefined ? 0 : SAVED_WITHIN_MS)
    if (keep === undefined) await removeTempFolder(dir)
  }
  try {
    const env = await environment(dir, String(port), options)
    server = await startProcess(program, [], { log, env, cwd: dir })
    await untilHealthy(`${endpoint}/_ministack/health`, server, log)
  } catch (error) {
    await stop()
    throw error
  }
  return { pid: server.pid, born: server.born, endpoint, dir, stop }
}

/** All of it is inherited by every function that MiniStack runs, so nothing of a user's environment may be in it. */
async function environment(
  dir: string,
  port: string,
  { kafka, keep }: MiniStackOptions,
): Promise<Record<string, string>> {
  const temp = join(dir, 'tmp')
  await mkdir(temp, { recursive: true })
  return {
    // This very Node.js first: functions run on the `node` of the PATH, which may be older on a machine.
    PATH: `${dirname(process.execPath)}:${process.env.PATH ?? ''}`,
    HOME: dir,
    LANG: 'C.UTF-8',
    TMPDIR: temp,
    GATEWAY_PORT: port,
    BIND_HOST: '127.0.0.1',
    MINISTACK_HOST: '127.0.0.1',
    LAMBDA_EXECUTOR: 'local',
    SFTP_ENABLED: '0',
    IOT_MTLS_ENABLED: '0',
    PERSIST_STATE: keep === undefined ? '0' : '1',
    ...(keep !== undefined && { S3_PERSIST: '1' }),
    STATE_DIR: join(dir, 'state'),
    S3_DATA_DIR: join(dir, 's3'),
    ...(kafka && { MINISTACK_MSK_BOOTSTRAP: kafka }),
  }
}
