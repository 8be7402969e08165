import type { Acted } from '../../caller/facts/acted.ts';
import type { Cli } from './cli.ts';
import { hanging } from './columns.ts';
import { shownFacts } from './session-facts.ts';

/**
 * Prints what an act did, and the commands that may follow.
 * @param facts added to those of the session for programs
 * @param lines what else a person reads, below the sentence
 */
export function printDone(
  { output }: Cli,
  { view, done }: Acted,
  facts: object = {},
  lines: readonly string[] = [],
): void {
  const { style, textColumns: columns } = output;
  const shown = { ...shownFacts(view), ...facts };
  output.result(shown, ({ next }) =>
    [
      hanging(done, { first: `${style.good('✔')} `, columns }),
      ...lines,
      ...(next === '' ? [] : [`Next: ${next}`]),
    ].join('\n'),
  );
}
