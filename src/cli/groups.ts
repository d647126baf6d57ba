// `millrace groups`: consumer groups, and how far behind they are. In a folder or in Kafka.

import { Command } from 'commander'
import { NotFoundError } from '../errors/cli-errors.ts'
import type { Cluster, GroupSummary } from '../local/topics/cluster.ts'
import { partitionName } from '../names/tasks.ts'
import { type BrokerFlags, brokerOptions, openCluster } from './brokers.ts'
import { columns } from './columns.ts'
import { integer, list, object, text, withJson } from './json-output.ts'
import { type Manual, withManual } from './manual.ts'

interface GroupsFlags extends BrokerFlags {
  readonly json?: boolean
}

const LISTED = object({
  groups: list(
    object({ name: text(), state: text(), members: integer(), lag: integer('records that are not committed yet') }),
  ),
})

const PARTITION = { topic: text(), partition: integer() }
const DESCRIBED = object({
  name: text(),
  state: text("in Kafka's words: Stable, Empty, PreparingRebalance …"),
  members: list(object({ id: text(), host: text(), partitions: list(object(PARTITION)) })),
  positions: list(
    object({ ...PARTITION, end: integer('the offset of the next record'), lag: integer() }, { committed: integer() }),
  ),
  lag: integer('of all partitions'),
})

const LISTING: Manual = {
  examples: [['millrace groups list --brokers localhost:9092', 'all groups of a cluster, with their lag']],
  exits: { 4: 'there is no folder with topics here' },
}
const DESCRIBING: Manual = {
  examples: [['millrace groups describe shop-totals', 'where a group stands, and who reads what']],
  exits: { 4: 'there is no such group here' },
}

export function groupsCommand(): Command {
  const listing = withJson(brokerOptions(new Command('list').description('all groups, with their lag')), LISTED)
  const describing = withJson(
    brokerOptions(new Command('describe').description('where a group stands in each partition, and who is in it')),
    DESCRIBED,
  )
  return new Command('groups')
    .description('show consumer groups and how far behind they are, in a folder or in Kafka')
    .addCommand(withManual(listing.action(listGroups), LISTING))
    .addCommand(withManual(describing.argument('<group>').action(describeGroup), DESCRIBING))
}

async function listGroups(flags: GroupsFlags): Promise<void> {
  await withCluster(flags, async (cluster) => {
    const groups: GroupSummary[] = []
    for (const name of await cluster.groups()) {
      const group = await cluster.group(name)
      if (group) groups.push(group)
    }
    const rows = groups.map((group) => ({
      name: group.name,
      state: group.state,
      members: group.members.length,
      lag: lagOf(group),
    }))
    if (flags.json) return console.log(JSON.stringify({ groups: rows }))
    if (rows.length === 0) return console.error(`There are no groups in ${cluster.name}.`)
    const cells = rows.map(({ name, state, members, lag }) => [name, state, members, lag])
    for (const line of columns([['group', 'state', 'members', 'lag'], ...cells])) console.log(line)
  })
}

async function describeGroup(name: string, flags: GroupsFlags): Promise<void> {
  await withCluster(flags, async (cluster) => {
    const group = await cluster.group(name)
    if (!group) {
      const known = await cluster.groups()
      const which = known.length === 0 ? 'There are none.' : `There are: ${known.slice(0, 20).join(', ')}.`
      throw new NotFoundError(`There is no group '${name}' in ${cluster.name}. ${which}`)
    }
    if (flags.json) return console.log(JSON.stringify({ ...group, lag: lagOf(group) }))
    for (const line of inWords(group)) console.log(line)
  })
}

function inWords(group: GroupSummary): string[] {
  const readBy = (at: { topic: string; partition: number }): string =>
    group.members.find(({ partitions }) =>
      partitions.some((one) => partitionName(one.topic, one.partition) === partitionName(at.topic, at.partition)),
    )?.host ?? ''
  const rows = group.positions.map((at) => [at.topic, at.partition, at.committed ?? '-', at.end, at.lag, readBy(at)])
  return [
    `${group.name}: ${group.state}, ${group.members.length} ${group.members.length === 1 ? 'member' : 'members'}, ${lagOf(group)} behind`,
    ...columns([['topic', 'partition', 'committed', 'end', 'lag', 'read by'], ...rows]),
  ]
}

const lagOf = ({ positions }: GroupSummary): number => positions.reduce((sum, { lag }) => sum + lag, 0)

async function withCluster(flags: GroupsFlags, action: (cluster: Cluster) => Promise<void>): Promise<void> {
  const cluster = await openCluster(flags)
  try {
    await action(cluster)
  } finally {
    await cluster.close()
  }
}
