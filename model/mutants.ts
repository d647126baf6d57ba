// What TLC is asked: the models, which must hold, and model mutants, each of which leaves out one rule of the protocol and
// must violate the invariant that the rule is for. A model that cannot fail proves nothing.

export interface Check {
  /** The module; `<config>.cfg` says how large the model is. */
  readonly module: 'Commit' | 'Close' | 'Wake'
  readonly config: string
  /** The rule that is left out, by its name in the module; undefined for the model proper. */
  readonly without?: string
  /** What TLC must find violated; undefined when all must hold. */
  readonly violates?: string
}

const I1 = 'I1_ExactlyOnce'
const I2 = 'I2_BatchingDoesNotShow'
const I3 = 'I3_AllOrNothing'
const I7 = 'I7_NeverSilent'

export const MODELS: readonly Check[] = [
  { module: 'Commit', config: 'Commit' },
  { module: 'Close', config: 'Close' },
  { module: 'Wake', config: 'Wake' },
  { module: 'Commit', config: 'CommitLive' },
  { module: 'Close', config: 'CloseLive' },
  { module: 'Wake', config: 'WakeLive' },
]

const commit = (without: string, violates: string): Check => ({ module: 'Commit', config: 'Commit', without, violates })
const close = (without: string, violates: string): Check => ({ module: 'Close', config: 'Close', without, violates })
const wake = (without: string, violates: string): Check => ({ module: 'Wake', config: 'WakeCrash', without, violates })

/** Larger: some minutes each on an idle machine. */
export const DEEP: readonly Check[] = [
  { module: 'Commit', config: 'Commit3' },
  { module: 'Close', config: 'Close3' },
  { module: 'Wake', config: 'WakeCrash' },
]

export const MUTANTS: readonly Check[] = [
  commit('fence', I1),
  commit('drop duplicates', I1),
  commit('old memory is not trusted', I1),
  commit('time moves record by record', I2),
  commit('heal before commit', I3),
  commit('a head that was read may be unpublished', I3),
  commit('publish after commit', I3),
  commit('equal bytes are ours', I3),
  commit('maybe written keeps its uploads', I3),
  commit('the seal heals first', I3),
  commit('a hole is an error', I7),
  { module: 'Commit', config: 'Commit3', without: 'an event ahead of memory means a look', violates: I7 },
  close('a task joins before it commits', I1),
  close('the frontier never moves back', I1),
  close('a sleeping task is roused before it commits', I1),
  { module: 'Close', config: 'CloseSleep', without: 'a task sleeps with nothing open', violates: I1 },
  close('marks stay until buckets are done', I1),
  close("the closing log's fence", I1),
  close('a closing is healed by who finds it', I3),
  close('healing reads the logs', I1),
  close('_SUCCESS waits for the heads', I3),
  close('_SUCCESS waits for the bucket', I3),
  wake('the message goes first', I3),
  wake('a wake-up is noted before the look', I3),
  wake('begin outdates rows to come', I3),
  wake('clocks differ', I3),
  wake('a message stays until it was handled', I3),
  { module: 'Commit', config: 'CommitLive', without: 'equal bytes are ours', violates: 'Live_BecomesVisible' },
  {
    module: 'Close',
    config: 'CloseLive',
    without: 'a closing is healed by who finds it',
    violates: 'Live_DataCloses',
  },
  { module: 'Wake', config: 'WakeLive', without: 'nothing open arms nothing', violates: 'Live_ComesToRest' },
]
