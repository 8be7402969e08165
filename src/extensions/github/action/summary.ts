import type { Repetition } from '../../../core/acts/proof/repeat-claims.ts';
import { DIFFERENCES, type Difference, type RepeatedCheck } from '../../../core/acts/proof/repeated-check.ts';
import { claimWords, requirementWords, verdictWords } from '../../../core/acts/proof/repetition-words.ts';
import { RED_AFTER } from '../../../core/kernel/phases/proving.ts';
import { capitalised } from '../../../core/kernel/text.ts';
import { code, lastLinesOf, list } from '../../../core/session/proof/proof.ts';

/** The job summary for a reviewer. Texts from outside are formatted as code, so that their Markdown has no effect. */
export function repetitionSummary(repetition: Repetition, baseBranch: string): string {
  const { checks, differences, notRepeated, requirements } = repetition;
  return [
    '# Proof, repeated',
    `**${capitalised(verdictWords(repetition, code))}.**`,
    `The commands come from the workflow or from ${code(baseBranch)} and ran on a fresh clone of ${code(repetition.commit)}.`,
    ...section('Differences', differences.map(differenceLine)),
    ...differences.flatMap(outputOf),
    ...section(
      'Requirements',
      requirements.map((each) => requirementWords(each, code)),
    ),
    ...section('Checks', checks.map(checkLine)),
    ...section(
      'Not repeated',
      notRepeated.map((claim) => `${code(claim.command)}: ${claimWords(claim)}`),
    ),
  ].join('\n\n');
}

function section(heading: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : [`## ${heading}`, list(lines)];
}

function differenceLine({ what, about, expected, found }: Difference): string {
  const of = about === undefined ? '' : ` of ${code(about)}`;
  return `${capitalised(DIFFERENCES[what])}${of}: expected ${code(expected)}, found ${code(found)}`;
}

function outputOf({ about = '', lastLines }: Difference): string[] {
  return lastLines ? [lastLinesOf(about, lastLines)] : [];
}

function checkLine({ command, isSetup, found, expected, redBefore, durationMs = 0 }: RepeatedCheck): string {
  const status = found === undefined ? 'did not run' : `exit status ${found ?? 'none'}`;
  const passed = found === 0 ? '✔ passed' : redBefore ? `! ${RED_AFTER}` : `✘ ${status}`;
  const claim = expected === undefined ? ', not in the proof' : '';
  return `${passed}: ${isSetup ? 'SETUP ' : ''}${code(command)}, ${(durationMs / 1000).toFixed(1)} s${claim}`;
}
