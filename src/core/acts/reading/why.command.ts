import type { Command } from 'commander';
import type { Cli } from '../../faces/terminal/cli.ts';
import { projectOf, type SharedOptions, withSharedOptions } from '../../faces/terminal/shared-options.ts';
import { fitLine, harmless, type Style } from '../../faces/terminal/style.ts';
import { describeBy } from '../../session/documents/describe-event.ts';
import type { WhySession, whyFile } from './why-file.act.ts';

export function addWhy(program: Command, cli: Cli): void {
  withSharedOptions(program.command('why <file> [session]'))
    .description(
      'Show the iterations, plan steps, requirements and answers behind a file, or behind file:line',
    )
    .action(async (path: string, session: string | undefined, options: SharedOptions) => {
      const { whyFile } = await import('./why-file.act.ts');
      const found = await whyFile({ path, session, ...projectOf(options) }, await cli.actionContext());
      cli.output.result(found, () => formatWhy(found, cli.output.style));
    });
}

type Found = Awaited<ReturnType<typeof whyFile>>;

const MOST = 200;

/** Formats the reasons for a file's changes, with a paragraph for each session. */
export function formatWhy({ path, sessions }: Found, style: Style): string {
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
