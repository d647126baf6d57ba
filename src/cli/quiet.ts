// kafkajs 2.2.4 sets timers in the past, which Node.js 24 prints a TimeoutNegativeWarning about, in the middle of what a command says.

const { emitWarning } = process

process.emitWarning = (...warning: unknown[]): void => {
  if (warning[1] !== 'TimeoutNegativeWarning') Reflect.apply(emitWarning, process, warning)
}
