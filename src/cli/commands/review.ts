import { resolve } from 'node:path';
import type { Command } from 'commander';
import type { Difference, OpenedProof } from '../../actions/proving/open-proof.ts';
import type { Verification } from '../../actions/proving/verify-proof.ts';
import type { WhySession, whyFile } from '../../actions/reading/why-file.ts';
import { duration } from '../../base/durations.ts';
import { describeBy } from '../../session/documents/describe-event.ts';
import { nextCommands } from '../rendering/next-commands.ts';
import { type Cli, EXIT } from '../terminal/cli.ts';
import { CLI_ERRORS } from '../terminal/cli-errors.ts';
import type { Output } from '../terminal/output.ts';
import { projectOf, type SharedOptions, withSharedOptions } from '../terminal/shared-options.ts';
import { fitLine, harmless, type Style } from '../terminal/style.ts';

interface ReportOptions extends SharedOptions {
  all?: true;
  output?: string;
  open?: true;
}

export function addReport(program: Command, cli: Cli): void {
  withSharedOptions(program.command('report [session]'))
    .description('Write a page about a session, or about all of them, for a browser; print its path')
    .option('--all', 'without a session: those of every project on this machine')
    .option('--output <file>', 'the file to write (default: below the .run folder, where no agent works)')
    .option('--open', 'show it in the browser')
    .action(async (session: string | undefined, options: ReportOptions) => {
      const { all, open } = options;
      if (session !== undefined && all)
        throw CLI_ERRORS.usage({ why: 'A session and --all exclude each other.', hint: 'Give one of them.' });
      const { openPage, writeOverviewReport, writeSessionReport } = await import(
        '../../actions/reporting/write-report.ts'
      );
      const context = await cli.actionContext();
      const output = options.output === undefined ? undefined : resolve(cli.cwd, options.output);
      const wish = { output, wordsOf: nextCommands, ...projectOf(options) };
      const written: { path: string; withoutPage?: string[] } =
        session === undefined
          ? await writeOverviewReport({ ...wish, allProjects: all }, context)
          : await writeSessionReport({ ...wish, session }, context);
      const { withoutPage = [] } = written;
      if (withoutPage.length > 0) cli.output.warn(`No page could be made of ${withoutPage.join(', ')}.`);
      const isOpened = open && (await openPage(written.path, context));
      if (isOpened === false) cli.output.warn('No browser could be opened here.');
      cli.output.result({ ...written, opened: isOpened }, ({ path }) => path);
    });
}

interface VerifyOptions extends SharedOptions {
  yes?: true;
}

export function addVerify(program: Command, cli: Cli): void {
  withSharedOptions(program.command('verify'))
    .argument('<session|proof>', 'a session, its proof.json or its proof.md')
    .description('Repeat the proof of a session that is done, and show the differences')
    .option('-y, --yes', 'run the commands of a proof file without asking')
    .action(async (of: string, options: VerifyOptions) => {
      const [{ openProof }, { verifyProof }] = await Promise.all([
        import('../../actions/proving/open-proof.ts'),
        import('../../actions/proving/verify-proof.ts'),
      ]);
      const context = await cli.actionContext();
      const opened = await openProof({ of, ...projectOf(options) }, context);
      if (!options.yes) await agreeTo(cli, opened);
      const result = await verifyProof(opened, context, {
        signal: cli.interrupted,
        begins: (command) => cli.output.say(cli.output.style.dim(`running ${harmless(command)}`)),
      });
      cli.leaveWith(result.verified ? EXIT.ok : EXIT.failed);
      cli.output.result(result, () => verificationWords(result, cli.output));
    });
}

/** Whoever wrote a file chose what runs; the commands of a session its own person has trusted. */
async function agreeTo(cli: Cli, { from, proof }: OpenedProof): Promise<void> {
  const runs = proof?.checks?.runs ?? [];
  if (from === 'session' || proof === undefined || runs.length === 0) return;
  const { setup, home = [] } = proof.clone;
  const commands = runs.flatMap(({ command, isSetup }) => (isSetup ? [] : [command]));
  const shown = [...(setup === undefined ? [] : [setup]), ...commands].map(harmless);
  if (!cli.isInteractive) throw CLI_ERRORS.commands_not_agreed({ commands: shown });
  cli.output.say('The proof file names these commands; they run as you, on a fresh clone of the branch:');
  for (const command of shown) cli.output.say(`  ${command}`);
  if (home.length > 0) cli.output.say(`They read from your home folder: ${home.map(harmless).join(', ')}`);
  const { askYesNo } = await import('../asking/ask-questions.ts');
  if ((await askYesNo(cli, 'Run them?')) !== true) throw CLI_ERRORS.commands_not_agreed({ commands: shown });
}

export function addWhy(program: Command, cli: Cli): void {
  withSharedOptions(program.command('why <file> [session]'))
    .description(
      'Show the iterations, plan steps, requirements and answers behind a file, or behind file:line',
    )
    .action(async (path: string, session: string | undefined, options: SharedOptions) => {
      const { whyFile } = await import('../../actions/reading/why-file.ts');
      const found = await whyFile({ path, session, ...projectOf(options) }, await cli.actionContext());
      cli.output.result(found, () => whyWords(found, cli.output.style));
    });
}

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
