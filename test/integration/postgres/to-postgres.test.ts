// functions/to-postgres.ts on real Kafka and a real PostgreSQL: functions and pollers killed at random, and the database itself. Every
// order stands there once, and every sum is exact.

import { randomInt } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { Client } from 'pg'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { type Postgres, startPostgres } from '../../../infra/postgres.ts'
import { until } from '../../local/event-source/until.ts'
import { type Running, Stage } from '../exactly-once/stage.ts'
import { KafkaService } from '../poller/kafka-service.ts'
import { bootstrap, describeWith, endpoints, postgresUrl, unique } from '../poller/services.ts'

const RECORDS = 100_000
const KILLS = 20
const CUSTOMERS = 97
const PARTITIONS = 4

const TABLES = `
  create table orders (id text primary key, customer text not null, cents bigint not null, version bigint not null);
  create table spent (customer text primary key, cents bigint not null);
  create table taken (id text primary key)`

/** One per millisecond of record time. */
async function produce(run: Stage, from: number, count: number, start: number): Promise<void> {
  const records = Array.from({ length: count }, (_, i) => {
    const n = from + i
    const order = { id: `o${n}`, customer: `c${n % CUSTOMERS}`, cents: n % 1000 }
    return {
      topic: run.topic('ORDERS'),
      partition: n % PARTITIONS,
      value: JSON.stringify(order),
      timestamp: start + n,
    }
  })
  await run.kafka.append(records)
}

/** What each customer has spent, by plain addition. */
function expectedSums(): Map<string, number> {
  const sums = new Map<string, number>()
  for (let n = 0; n < RECORDS; n++) {
    const customer = `c${n % CUSTOMERS}`
    sums.set(customer, (sums.get(customer) ?? 0) + (n % 1000))
  }
  return sums
}

async function query<R extends object>(url: string, text: string): Promise<R[]> {
  const client = new Client({ connectionString: url })
  await client.connect()
  try {
    return (await client.query<R>(text)).rows
  } finally {
    await client.end()
  }
}

let stage: Stage | undefined
afterEach(async () => {
  await stage?.close()
  stage = undefined
})

describeWith(
  bootstrap,
  endpoints.ministack,
  postgresUrl,
)('orders in PostgreSQL', () => {
  let kafka: KafkaService
  /** Of its own: it is killed. */
  let postgres: Postgres
  beforeAll(async () => {
    kafka = await new KafkaService(bootstrap).connect()
    postgres = await startPostgres()
    await query(postgres.url, TABLES)
  })
  afterAll(async () => {
    await kafka?.close()
    await postgres?.stop()
  })

  it('are exact, whatever is killed', { timeout: 1_500_000 }, async () => {
    const run = new Stage(kafka, endpoints.ministack, {
      module: new URL('../../../functions/to-postgres.ts', import.meta.url),
      topics: { ORDERS: PARTITIONS },
      job: unique('to-postgres'),
      env: { POSTGRES_URL: postgres.url, IDLE_AFTER: '3s' },
    })
    stage = run
    await run.prepare()
    const start = Date.now() - 300_000
    let pollers: Running[] = [await run.start()]
    const kills = { functions: 0, pollers: 0, databases: 0 }
    const killed = () => kills.functions + kills.pollers + kills.databases
    let produced = 0
    const producing = (async () => {
      for (const CHUNK = 5000; produced < RECORDS; produced += CHUNK) {
        await produce(run, produced, CHUNK, start)
        // Spread over the kills: what is read in one go would be done before the first of them.
        await until('more kills', () => killed() >= (produced / RECORDS) * KILLS, 300_000)
      }
    })()
    while (killed() < KILLS || produced < RECORDS) {
      await sleep(randomInt(100, 700)) // a moment at random, which is the point
      const victim = pollers[randomInt(pollers.length)]
      const due = killed() / KILLS
      const dice = kills.databases === 0 && due > 0.3 ? 9 : kills.pollers === 0 && due > 0.6 ? 8 : randomInt(10)
      if (dice < 8) kills.functions += victim?.invoker.kill() ?? 0
      else if (dice < 9 && victim) {
        // Its invocations go on as zombies while another member of the group takes over.
        victim.abandon()
        kills.pollers++
        pollers = [...pollers.filter((poller) => poller !== victim), await run.start()]
      } else {
        await postgres.kill()
        kills.databases++
        await sleep(randomInt(500, 2500)) // away for a while
        await postgres.restart()
      }
    }
    await producing
    await until('all is consumed', () => run.consumed(), 400_000)
    await until('the job is at rest', () => run.atRest(), 180_000)

    const orders = await query<{ count: string; distinct: string; cents: string }>(
      postgres.url,
      'select count(*), count(distinct id) as distinct, sum(cents) as cents from orders',
    )
    const expected = expectedSums()
    const total = [...expected.values()].reduce((a, b) => a + b)
    expect(orders).toEqual([{ count: `${RECORDS}`, distinct: `${RECORDS}`, cents: `${total}` }])
    const spent = await query<{ customer: string; cents: string }>(postgres.url, 'select customer, cents from spent')
    expect(new Map(spent.map(({ customer, cents }) => [customer, Number(cents)]))).toEqual(expected)
    console.log(
      `in PostgreSQL: ${RECORDS} orders; killed ${kills.functions} functions, ${kills.pollers} pollers, the database ${kills.databases} times`,
    )
  })
})
