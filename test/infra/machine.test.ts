import { describe, expect, test } from 'vitest'
import {
  type Machine,
  parseJavaVersion,
  parsePythonVersion,
  type ServiceName,
  wayToStart,
} from '../../infra/machine.ts'

const WHOLE: Machine = {
  linux: true,
  java: 17,
  javac: true,
  maven: true,
  npm: true,
  python: [3, 11],
  venv: true,
  postgres: true,
  redis: true,
  docker: false,
}
const BARE: Machine = {
  linux: true,
  javac: false,
  maven: false,
  npm: true,
  venv: false,
  postgres: false,
  redis: false,
  docker: false,
}

describe('the way to start a service', () => {
  test.each<ServiceName>(['kafka', 'localstack', 'ministack', 'postgres', 'redis'])(
    '%s: on the host when all is there, Docker or not',
    (name) => {
      expect(wayToStart(name, WHOLE)).toEqual({ way: 'host' })
      expect(wayToStart(name, { ...WHOLE, docker: true })).toEqual({ way: 'host' })
    },
  )

  test.each<[ServiceName, Machine, string]>([
    ['kafka', BARE, 'Kafka cannot come up: it needs Java 17 or later, Maven (mvn), or a running Docker engine instead'],
    [
      'kafka',
      { ...WHOLE, java: 11 },
      'Kafka cannot come up: it needs Java 17 or later (found 11), or a running Docker engine instead',
    ],
    ['kafka', { ...WHOLE, linux: false }, 'Kafka cannot come up: it needs Linux, or a running Docker engine instead'],
    [
      'localstack',
      { ...WHOLE, javac: false },
      'LocalStack cannot come up: it needs a JDK (javac), or a running Docker engine instead',
    ],
    [
      'localstack',
      { ...WHOLE, python: [3, 9] },
      'LocalStack cannot come up: it needs Python 3.11 or later (found 3.9), or a running Docker engine instead',
    ],
    [
      'localstack',
      { ...WHOLE, npm: false },
      'LocalStack cannot come up: it needs npm, or a running Docker engine instead',
    ],
    [
      'ministack',
      { ...WHOLE, venv: false },
      "MiniStack cannot come up: it needs Python's venv module (Debian: python3-venv)",
    ],
    [
      'postgres',
      { ...WHOLE, postgres: false, docker: true },
      'PostgreSQL cannot come up: it needs a PostgreSQL server (Debian: postgresql)',
    ],
    ['ministack', { ...BARE, docker: true }, 'MiniStack cannot come up: it needs Python 3.11 or later'],
  ])('%s: one line that says what is missing', (name, machine, missing) => {
    expect(wayToStart(name, machine)).toEqual({ missing })
  })

  test('Docker steps in for Kafka and LocalStack', () => {
    const machine = { ...BARE, docker: true }
    expect(wayToStart('kafka', machine)).toEqual({ way: 'docker' })
    expect(wayToStart('localstack', machine)).toEqual({ way: 'docker' })
  })

  test('Kafka needs no Python, MiniStack no Java', () => {
    expect(wayToStart('kafka', { ...WHOLE, venv: false })).toEqual({ way: 'host' })
    expect(wayToStart('ministack', { ...BARE, python: [3, 13], venv: true })).toEqual({ way: 'host' })
  })
})

test.each([
  ['openjdk version "17.0.15" 2025-04-15', 17],
  ['openjdk version "21" 2023-09-19', 21],
  ['java version "1.8.0_402"', 8],
  ['no such thing', undefined],
])('%s is Java %s', (text, version) => {
  expect(parseJavaVersion(text)).toBe(version)
})

test.each([
  ['Python 3.11.7', [3, 11]],
  ['Python 2.7.18', [2, 7]],
  ['', undefined],
])('%s is %s', (text, version) => {
  expect(parsePythonVersion(text)).toEqual(version)
})
