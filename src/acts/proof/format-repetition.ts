import { duration } from '../../base/durations.ts';
import type { Output } from '../../kit/terminal/output.ts';
import { harmless } from '../../kit/terminal/style.ts';
import { RED_AFTER } from '../../phases/proving.ts';
import { DIFFERENCES, type Difference, type RepeatedCheck } from './repeated-check.ts';
import { claimWords, requirementWords, verdictWords } from './repetition-words.ts';
import type { VerifiedPullRequest } from './verify-pull-request.act.ts';

type Style = Output['style'];

/** Formats what became of a pull request's claims: its requirements, the checks, and what differs. */
export function formatRepetition(result: VerifiedPullRequest, { style }: Pick<Output, 'style'>): string {
  const { checks, notRepeated, requirements, differences, sandbox } = result;
  const { good, bad, attention, dim } = style;
  const answer = { repeated: good, partly: attention, no_proof: attention, differs: bad }[result.result];
  return [
    ...checks.flatMap((check) => repeatedCheckLines(check, style)),
    ...notRepeated.map((claim) => `- ${harmless(claim.command)}: ${claimWords(claim)}`),
    ...requirements.map((requirement) => `- ${requirementWords(requirement, harmless)}`),
    `${answer(verdictWords(result, harmless))} ${dim(`(sandbox: ${sandbox})`)}`,
    ...differences.flatMap(differenceLines),
  ].join('\n');
}

/** How a check ended; nothing if it did not run. */
export function repeatedCheckLines(
  { command, found, expected, redBefore, durationMs = 0 }: RepeatedCheck,
  style: Style,
): string[] {
  if (found === undefined) return [];
  const status = found === null ? 'no exit status' : `exit status ${found}`;
  const mark = found === (expected ?? 0) ? style.good('✔') : style.bad('✘');
  const red = redBefore ? `, ${RED_AFTER}` : '';
  return [`${mark} ${harmless(command)}: ${status}${red} ${style.dim(`(${duration(durationMs)})`)}`];
}

export function differenceLines({ what, about, expected, found, lastLines }: Difference): string[] {
  const of = about === undefined ? '' : ` of ${harmless(about)}`;
  const printed = lastLines ? lastLines.split('\n').map((line) => `    ${harmless(line)}`) : [];
  return [
    `  ${DIFFERENCES[what]}${of}: expected ${harmless(expected)}, found ${harmless(found)}`,
    ...printed,
  ];
}
