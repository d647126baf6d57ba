/** The batch interval of all simulated jobs, milliseconds. */
export const BATCH = 1000
