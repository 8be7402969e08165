import fc from 'fast-check';
import type { ChildProblem } from '../../../../src/core/agents/contract/events.ts';
import type { Provider } from '../../../../src/core/agents/contract/provider.ts';
import { type CliSample, sampleProblem } from '../../../support/cli-samples.ts';

export interface Mutation {
  provider: Provider;
  samples: readonly CliSample[];
  /** A line of output in which a tool shows `text`. */
  toolOutput: (text: string) => string;
  endings: Readonly<Record<string, 'finished' | ChildProblem['kind']>>;
  /** A last line that reports success, which a reader must not accept inside tool output. */
  success: string;
}

/**
 * Cuts lines of a recording, adds noise and echoes of error lines in tool output. Its class stays the same, or becomes
 * `finished` or `crashed` (nothing known), or the one given by the exit status alone; never another.
 */
export function mutatedClasses({ provider, samples, toolOutput, endings, success }: Mutation) {
  const echoes = samples
    .flatMap(({ lines }) => lines.filter((line) => /error|fail/.test(line)))
    .slice(0, 200);
  const noise = fc.oneof(
    fc.constantFrom(...echoes, success).map(toolOutput),
    fc.constantFrom(...echoes).map((text) => JSON.stringify({ type: 'novelty', error: { message: text } })),
    fc.json(),
    fc.string(),
  );
  const edit = fc.record({ at: fc.nat(), cut: fc.nat(3), into: fc.array(noise, { maxLength: 3 }) });
  return fc.property(fc.constantFrom(...samples), fc.array(edit, { maxLength: 4 }), (sample, edits) => {
    const lines = edits.reduce(
      (before, { at, cut, into }) => before.toSpliced(at % (before.length + 1), cut, ...into),
      [...sample.lines],
    );
    const kind = sampleProblem(provider, { lines, exit: sample.exit })?.kind ?? 'finished';
    const byExitAlone = sampleProblem(provider, { lines: [], exit: sample.exit })?.kind ?? 'finished';
    return [endings[sample.name], 'finished', 'crashed', byExitAlone].includes(kind);
  });
}
