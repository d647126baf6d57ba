// With a `docker` that only writes down how it was called: there is no engine where these tests run.

import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { startContainer } from '../../infra/docker.ts'
import { TestServices } from '../../infra/services.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-docker-test-'))
  vi.stubEnv('PATH', `${folder}${delimiter}${process.env.PATH}`)
})
afterEach(async () => {
  vi.unstubAllEnvs()
  await rm(folder, { recursive: true, force: true })
})

async function fakeDocker(script = ''): Promise<() => Promise<string[]>> {
  const log = join(folder, 'log')
  const lines = ['#!/bin/sh', `echo "$MILLRACE_KAFKA_PORT $*" >> ${log}`, script]
  await writeFile(join(folder, 'docker'), lines.join('\n'), { mode: 0o755 })
  return async () => (await readFile(log, 'utf8')).trim().split('\n')
}

test('a service gets a port and a project of its own, and is taken down with its volumes', async () => {
  const calls = await fakeDocker()
  const kafka = await startContainer('kafka')
  const another = await startContainer('kafka', 9092)
  expect(another.port).toBe(9092)
  expect(another.project).not.toBe(kafka.project)
  await kafka.stop()
  const [up, , down] = await calls()
  expect(up).toMatch(
    new RegExp(`^${kafka.port} compose -p ${kafka.project} -f .*infra/compose.yaml up -d --wait kafka$`),
  )
  expect(down).toMatch(new RegExp(`compose -p ${kafka.project} -f .* down --volumes --timeout 0$`))
})

test('what did not come up is taken down, and the error is what Docker says', async () => {
  const calls = await fakeDocker('case $* in *up*) echo "no such image" >&2; exit 1;; esac')
  await expect(startContainer('localstack')).rejects.toThrow('no such image')
  expect((await calls()).at(-1)).toContain('down --volumes')
})

test('services that are given are used as they are', async () => {
  const given = { MILLRACE_TEST_KAFKA: '127.0.0.1:1', MILLRACE_TEST_MINISTACK: 'http://127.0.0.1:2' }
  const services = new TestServices(given)
  await services.start(['kafka', 'ministack'])
  expect(await services.addresses()).toEqual({
    kafka: { bootstrap: '127.0.0.1:1' },
    localstack: { missing: 'LocalStack is not started for these tests' },
    ministack: { endpoint: 'http://127.0.0.1:2' },
    postgres: { missing: 'PostgreSQL is not started for these tests' },
    redis: { missing: 'Redis is not started for these tests' },
  })
  expect(await services.complaints()).toEqual([])
  await services.stop()
})

test('on a machine that has nothing, each service says why, or is an error when required', async () => {
  vi.stubEnv('PATH', folder)
  const services = new TestServices({})
  await services.start(['kafka', 'ministack'])
  const kafka = 'Kafka cannot come up: it needs Java 17 or later, Maven (mvn), or a running Docker engine instead'
  const ministack = 'MiniStack cannot come up: it needs Python 3.11 or later'
  expect(await services.addresses()).toMatchObject({ kafka: { missing: kafka }, ministack: { missing: ministack } })
  expect(await services.complaints()).toEqual([kafka, ministack])
  await expect(new TestServices({ MILLRACE_REQUIRE_SERVICES: '1' }).start(['kafka'])).rejects.toThrow(kafka)
})
