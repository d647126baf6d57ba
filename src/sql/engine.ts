// DuckDB itself: loaded at the first statement, one instance for the process, in memory and shut off from everything else.

import type { DuckDBConnection } from '@duckdb/node-api'
import { SqlMissingError } from '../errors/sql-errors.ts'

/** The package. */
export type DuckDB = typeof import('@duckdb/node-api')

export interface Engine {
  readonly duckdb: DuckDB
  /** A connection has tables of its own, and they go with it. */
  connect(): Promise<DuckDBConnection>
}

/** In a variable: bundlers take no notice, and a job that never asks need not have it. */
const PACKAGE: string = '@duckdb/node-api'

let begun: Promise<Engine> | undefined

/** @throws SqlMissingError */
export function engine(): Promise<Engine> {
  begun ??= begin().catch((error: unknown) => {
    begun = undefined
    throw error
  })
  return begun
}

async function begin(): Promise<Engine> {
  const duckdb = await load()
  const instance = await duckdb.DuckDBInstance.create(':memory:', SETTINGS)
  const connection = await instance.connect()
  // Locked last: a statement of a job changes none of it.
  for (const setting of ["set global TimeZone = 'UTC'", 'set lock_configuration = true']) await connection.run(setting)
  connection.closeSync()
  return { duckdb, connect: () => instance.connect() }
}

/**
 * https://duckdb.org/docs/stable/operations_manual/securing_duckdb/overview. One thread: with several the order of rows, which of equal
 * ones a LIMIT takes, and the last digits of a sum of floats differ from run to run (I8). The place for spilled data comes before
 * what forbids files.
 */
const SETTINGS: Record<string, string> = {
  temp_directory: '',
  allow_community_extensions: 'false',
  autoinstall_known_extensions: 'false',
  autoload_known_extensions: 'false',
  enable_external_access: 'false',
  threads: '1',
  preserve_insertion_order: 'true',
  memory_limit: `${memoryLimit()}MB`,
}

/** Half of a function's memory, the rest is for Node.js and the batch; elsewhere what a function of 1 GB has. */
function memoryLimit(): number {
  const memory = Number(process.env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE)
  return Number.isInteger(memory) && memory > 0 ? Math.max(64, Math.floor(memory / 2)) : 512
}

async function load(): Promise<DuckDB> {
  try {
    const { default: duckdb }: { default: DuckDB } = await import(PACKAGE)
    return duckdb
  } catch (error) {
    throw new SqlMissingError(adviceFor(error), error)
  }
}

function adviceFor(error: unknown): string {
  const message = error instanceof Error ? error.message : ''
  const onLambda = process.env.AWS_LAMBDA_FUNCTION_NAME !== undefined
  const packing = onLambda
    ? ' The plugin millrace/serverless packs it with a function whose code calls sql(); who packs by hand adds node_modules/@duckdb.'
    : ''
  // The package is there, but what it is made of is for other machines.
  if (message.includes('@duckdb/node-bindings')) {
    const binding = `@duckdb/node-bindings-${process.platform}-${process.arch}`
    return `Its binding for this machine is not installed: npm install --no-save --force ${binding}, or npm install without --omit=optional.${packing}`
  }
  return message.includes(PACKAGE)
    ? `Install it: npm install ${PACKAGE}.${packing}`
    : `It is installed, and does not start on ${process.platform}-${process.arch}.${packing}`
}
