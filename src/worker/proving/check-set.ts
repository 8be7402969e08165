import type { FailedCheck } from '../../project/proving/run-check.ts';

/** A failed check in the words of a note: its own line, then its last lines, which are quoted. */
export function failureNote({ command, how, outputPath, lastLines }: FailedCheck): string {
  const head = `\`${command}\` failed (${how}). Its whole output: ${outputPath}`;
  return lastLines === '' ? head : `${head}\n${lastLines}`;
}
