// What to show to a user next time: the pages that they have looked at most. A profile per user lives for as long as they come back
// within half an hour, and goes with a last word when they do not.

import { type DStream, duration, job, json, minutes, type State, StateSpec } from 'millrace'
import { lambda } from 'millrace/lambda'

const { RESULTS = 'results', VIEWS = 'views', IDLE_AFTER = '10s' } = process.env

const TOP = 3

export interface View {
  readonly user: string
  readonly page: string
}

/** The most viewed first; of pages with equally many views the first by name, so that nothing depends on who came when. */
function topOf(profile: ReadonlyMap<string, number>): string[] {
  const pages = [...profile].sort(([a, n], [b, m]) => m - n || (a < b ? -1 : 1))
  return pages.slice(0, TOP).map(([page]) => page)
}

const profiles = StateSpec.function(
  (user: string, pages: readonly string[] | undefined, state: State<Map<string, number>>) => {
    const profile = state.getOption() ?? new Map<string, number>()
    for (const page of pages ?? []) profile.set(page, (profile.get(page) ?? 0) + 1)
    if (!state.isTimingOut()) state.update(profile)
    return { user, pages: topOf(profile), gone: state.isTimingOut() }
  },
).timeout('30m')

/** For every user who has viewed anything in a batch the pages to recommend, and once more when they have gone. */
export function recommendations(views: DStream<View>) {
  return views
    .map(({ user, page }) => [user, page])
    .groupByKey() // so that a batch says it once per user, and not once per view
    .mapWithState(profiles, { id: 'profiles' })
}

export const recommend = job('recommend', { batch: minutes(1), idleAfter: duration(IDLE_AFTER) }, ({ kafka }) => {
  recommendations(kafka(VIEWS, { value: json<View>() }).map(({ value }) => value)) //
    .saveAsNdjsonFiles(`s3://${RESULTS}/recommendations`)
})

export const handler = lambda(recommend)
