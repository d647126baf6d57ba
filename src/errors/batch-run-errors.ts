// Errors of a run over a bounded range (`millrace batch`). No function has them in its bundle.

import { MillraceError } from './errors.ts'

/** Results are there already, and say something else. */
export class ObjectsDifferError extends MillraceError {
  /** The folder or object. */
  readonly place: string
  constructor(place: string, why: string) {
    super(
      'OBJECTS_DIFFER',
      `${place} was not written: ${why}. Nothing of it was changed. Write elsewhere with --out, choose a range that begins and ends ` +
        'where the one before did, or replace what is there with --replace.',
    )
    this.place = place
  }
}

/** A partition has not handed out what it is said to hold. */
export class RangeStalledError extends MillraceError {
  constructor(topic: string, partition: number, offset: number, until: number, seconds: number) {
    super(
      'RANGE_STALLED',
      `Nothing came of ${topic}-${partition} for ${seconds} s: offset ${offset} is next, and the range ends before ${until}. ` +
        'Look whether its leader is there; run the same command again.',
    )
  }
}

/** A line has no time where one was said to be. */
export class NoTimeError extends MillraceError {
  constructor(file: string, line: number, where: string, text: string) {
    super(
      'NO_TIME',
      `${file}, line ${line}, has no time at ${where}: ${text}. Before the first line that has one there is no time to take it to be of. ` +
        'Say where the time is with --time, or take the time of the file with --time mtime.',
    )
  }
}

/** An offset that a partition does not have (I7): nothing is passed over that somebody has asked for. */
export class RangeNotThereError extends MillraceError {
  constructor(topic: string, partition: number, offset: number, start: number, end: number) {
    super(
      'OFFSET_OUT_OF_RANGE',
      `Offset ${offset} of ${topic}-${partition} is not in Kafka: the partition holds ${start} to ${end}. Choose a range of these; ` +
        `what is older has been deleted, and start, end, +n, -n and @t take what there is.`,
    )
  }
}
