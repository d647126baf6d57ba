// Visits without those of users who are blocked: what Spark Streaming's guide shows of `transform`, in three ways. A join keeps what is
// known of a blocked user at hand, as does a statement of SQL; where only the name counts, a set is shorter. All see the list as it is when a batch is closed, and
// what has been published stays as it is when the list changes.

import { job, seconds, text } from 'millrace'
import { lambda } from 'millrace/lambda'

const { RESULTS = 'results', VISITS = 'visits', BLOCKED = 'mallory:spam,trent:trial' } = process.env

interface Block {
  readonly user: string
  readonly reason: string
}

/** Read anew for every batch: a service or a table would do as well, transform may wait for it. */
async function readBlocked(): Promise<readonly Block[]> {
  return BLOCKED.split(',').map((entry) => {
    const [user = '', reason = 'unknown'] = entry.split(':')
    return { user, reason }
  })
}

export const blacklist = job('blacklist', { batch: seconds(5) }, ({ kafka }) => {
  /** `user page`, one a line. */
  const visits = kafka(VISITS, { value: text() }).map(({ value }) => {
    const [user = '', page = ''] = value.split(' ')
    return [user, page] as const
  })

  visits
    .transform(
      async (batch) => {
        const blocked = (await readBlocked()).map(({ user, reason }) => [user, reason] as const)
        return batch
          .leftOuterJoin(blocked)
          .filter(([, [, reason]]) => reason !== 'spam')
          .map(([user, [page, reason]]) => ({ user, page, ...(reason !== undefined && { reason }) }))
      },
      { id: 'by-join' },
    )
    .saveAsNdjsonFiles(`s3://${RESULTS}/visits-by-join`)

  visits
    .transform(
      async (batch) => {
        const blocked = new Set((await readBlocked()).map(({ user }) => user))
        return batch.filter(([user]) => !blocked.has(user)).map(([user, page]) => ({ user, page }))
      },
      { id: 'by-filter' },
    )
    .saveAsNdjsonFiles(`s3://${RESULTS}/visits-by-filter`)

  visits
    .map(([user, page]) => ({ user, page }))
    .transform(
      async (batch) =>
        batch.sql(
          `select batch.user, page, reason
             from batch left join blocked on blocked.user = batch.user
            where reason is distinct from 'spam'
            order by page`,
          {
            columns: { user: 'text', page: 'text' },
            tables: { blocked: { rows: await readBlocked(), columns: { user: 'text', reason: 'text' } } },
            returns: { user: 'text', page: 'text', reason: 'text?' },
          },
        ),
      { id: 'by-sql' },
    )
    .saveAsNdjsonFiles(`s3://${RESULTS}/visits-by-sql`)
})

export const handler = lambda(blacklist)
