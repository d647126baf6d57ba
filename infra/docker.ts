// Kafka and LocalStack by `docker compose`, for machines with Docker that lack Java, Maven or Python.

import { randomUUID } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { freePorts } from './ports.ts'
import { run } from './run.ts'

const COMPOSE = fileURLToPath(new URL('compose.yaml', import.meta.url))

export interface Containers {
  /** The name under which `docker compose` knows them. */
  readonly project: string
  readonly port: number
  stop(): Promise<void>
}

export async function startContainer(service: 'kafka' | 'localstack', port?: number): Promise<Containers> {
  const project = `millrace-${randomUUID().slice(0, 8)}`
  const [free = 0] = port === undefined ? await freePorts(1) : [port]
  const env = { ...process.env, [`MILLRACE_${service.toUpperCase()}_PORT`]: String(free) }
  try {
    // The longest part is the first pull of an image of 1 GB.
    await run('docker', ['compose', '-p', project, '-f', COMPOSE, 'up', '-d', '--wait', service], { env })
  } catch (error) {
    await stopContainers(project)
    throw error
  }
  return { project, port: free, stop: () => stopContainers(project) }
}

export async function stopContainers(project: string): Promise<void> {
  await run('docker', ['compose', '-p', project, '-f', COMPOSE, 'down', '--volumes', '--timeout', '0'])
}
