import type { Difference } from '../../actions/proving/open-proof.ts';
import type { Verification } from '../../actions/proving/verify-proof.ts';
import type { WhySession, whyFile } from '../../actions/reading/why-file.ts';
import { duration } from '../../base/durations.ts';
import { describeBy } from '../../session/documents/describe-event.ts';
import type { Output } from '../terminal/output.ts';
import { fitLine, harmless, type Style } from '../terminal/style.ts';

/** Yes, or no with the differences. */
export function verificationWords(result: Verification, { style }: Pick<Output, 'style'>): string {
  const { checks, differences, verified, branch = '', commit = '', sandbox } = result;
  const { good, bad, dim } = style;
  const ran = checks.flatMap(({ command, found, expected, durationMs = 0 }) => {
    if (found === undefined) return [];
    const status = found === null ? 'no exit status' : `exit status ${found}`;
    const mark = found === expected ? good('✔') : bad('✘');
    return [`${mark} ${harmless(command)}: ${status} ${dim(`(${duration(durationMs)})`)}`];
  });
  if (verified) {
    const at = `${harmless(branch)} at ${commit.slice(0, 8)}`;
    const what =
      ran.length === 0
        ? 'commit and tree are as the proof says; it has no checks'
        : 'all is as the proof says';
    return [...ran, `${good('yes')}: ${at}, ${what} ${dim(`(sandbox: ${sandbox})`)}`].join('\n');
  }
  const hadOthers = result.ranIn === 'worktree' && differences.some(({ what }) => what === 'exit_status');
  return [
    ...ran,
    `${bad('no')}: not as the proof says`,
    ...differences.flatMap(differenceLines),
    ...(hadOthers ? [IN_WORKTREE] : []),
  ].join('\n');
}

const IN_WORKTREE =
  '  The checks of this proof ran in the folder of the agent (CHECK_IN=worktree): uncommitted and ignored files took part then.';

const WHATS: Readonly<Record<Difference['what'], string>> = {
  proof: 'proof',
  branch: 'branch',
  commit: 'commit',
  tree: 'tree',
  base: 'base commit',
  exit_status: 'exit status',
};

function differenceLines({ what, about, expected, found, lastLines }: Difference): string[] {
  const of = about === undefined ? '' : ` of ${harmless(about)}`;
  const printed = lastLines ? lastLines.split('\n').map((line) => `    ${harmless(line)}`) : [];
  return [`  ${WHATS[what]}${of}: expected ${harmless(expected)}, found ${harmless(found)}`, ...printed];
}

type Found = Awaited<ReturnType<typeof whyFile>>;

const MOST = 200;

/** What is behind a file's changes: a paragraph for each session. */
export function whyWords({ path, sessions }: Found, style: Style): string {
  if (sessions.length === 0) return `No session here changed ${harmless(path)}.`;
  return sessions.map((session) => sessionLines(session, style).join('\n')).join('\n\n');
}

function sessionLines(why: WhySession, { bold, dim }: Style): string[] {
  const { iterations, phases, requirements, answers, plan, approvedBy } = why;
  const approved = approvedBy === undefined ? '' : `, approved by ${describeBy(approvedBy)}`;
  return [
    `${bold(harmless(why.session))} ${dim(`on ${harmless(why.branch)}`)}`,
    ...iterations.flatMap(({ iteration, phase, provider, did, commits }) => [
      iteration === undefined
        ? 'after the last iteration'
        : `iteration ${iteration} (${[phase, provider].filter(Boolean).join(', ')})${did ? `: ${fitLine(did, MOST)}` : ''}`,
      ...commits.map(({ hash, subject }) => `  ${dim(hash.slice(0, 8))} ${fitLine(subject, MOST)}`),
    ]),
    ...(plan === undefined ? [] : [`plan ${harmless(plan)}${approved}`]),
    ...(plan !== undefined && phases.length === 0 ? ['  it does not name this file'] : []),
    ...phases.flatMap(({ number, name, steps }) => [
      `  phase ${number}: ${fitLine(name, MOST)}`,
      ...steps.map((step) => `    - ${fitLine(step, MOST)}`),
    ]),
    ...requirements.map(
      ({ id, text }) => `requirement ${id}${text === '' ? '' : `: ${fitLine(text, MOST)}`}`,
    ),
    ...answers.map(
      ({ id, question, answer }) =>
        `answer ${id}: ${fitLine(answer, MOST)}${question === '' ? '' : dim(`  (${fitLine(question, MOST)})`)}`,
    ),
  ];
}
