import type { Acted } from '../../caller/facts/acted.ts';
import { nextSteps } from '../../caller/facts/next-steps.ts';
import { hintForTerminal, nextCommands } from '../../caller/facts/step-texts.ts';
import type { Cli } from './cli.ts';
import { hanging } from './columns.ts';
import { shownFacts } from './session-facts.ts';

interface Printed {
  /** Added to the facts of the session for programs. */
  facts?: object;
  /** What else a person reads, below the sentence. */
  lines?: readonly string[];
  /** Something is left to the person. */
  isPartial?: boolean;
}

/** Prints what an act did, and the commands that may follow. */
export function printDone(
  { output }: Cli,
  { view, done, next }: Acted,
  { facts, lines = [], isPartial = false }: Printed = {},
): void {
  const { style, textColumns: columns } = output;
  const mark = isPartial ? style.attention('!') : style.good('✔');
  const shown = { ...shownFacts(view), ...facts, ...(next && { next: nextCommands(next) }) };
  const hint = hintForTerminal({ hint: '', next: next ?? nextSteps(view) });
  output.result(shown, () =>
    [hanging(done, { first: `${mark} `, columns }), ...lines, hint].filter(Boolean).join('\n'),
  );
}
