import type { Acted } from '../../caller/facts/acted.ts';
import { sessionFacts } from '../../caller/facts/session-facts.ts';
import { hintForTerminal } from '../../caller/facts/step-texts.ts';
import type { Cli } from './cli.ts';
import { hanging } from './columns.ts';
import { jsonFacts } from './json-facts.ts';

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
  const known = sessionFacts(view);
  const steps = next ?? known.next;
  const shown = { ...jsonFacts({ ...known, summary: done, next: steps }), ...facts };
  const hint = hintForTerminal({ hint: '', next: steps });
  output.result(shown, () =>
    [hanging(done, { first: `${mark} `, columns }), ...lines, hint].filter(Boolean).join('\n'),
  );
}
