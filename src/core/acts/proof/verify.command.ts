import type { Command } from 'commander';
import { type Cli, EXIT } from '../../faces/terminal/cli.ts';
import { CLI_ERRORS } from '../../faces/terminal/cli-errors.ts';
import type { Output } from '../../faces/terminal/output.ts';
import {
  numberOption,
  projectOf,
  type SharedOptions,
  withSharedOptions,
} from '../../faces/terminal/shared-options.ts';
import { harmless } from '../../faces/terminal/style.ts';
import { duration } from '../../kernel/durations.ts';
import { RED_AFTER } from '../../kernel/phases/proving.ts';
import { agreedText } from '../../kernel/text.ts';
import type { SessionProof } from '../../session/proof/proof.ts';
import type { CloneRunOptions } from './checks-on-clone.ts';
import type { OpenedProof } from './open-proof.ts';
import { DIFFERENCES, type Difference, type RepeatedCheck } from './repeated-check.ts';
import { claimWords, requirementWords, verdictWords } from './repetition-words.ts';
import type { Verification } from './verify-proof.act.ts';
import type { VerifiedPullRequest } from './verify-pull-request.act.ts';

interface VerifyOptions extends SharedOptions {
  yes?: true;
  pullRequest?: number;
}

export function addVerify(program: Command, cli: Cli): void {
  withSharedOptions(program.command('verify'))
    .argument('[session|proof]', 'a session; or its proof.json or proof.md, by a path')
    .description('Repeat the proof of a finished session, and show the differences')
    .option('-y, --yes', 'run the commands of a proof file, or code without a guard, without asking')
    .option(
      '--pull-request <number>',
      "repeat the proof of a pull request, with this project's checks",
      numberOption(1),
    )
    .action(async (of: string | undefined, options: VerifyOptions) => {
      const { pullRequest: number } = options;
      if ((of === undefined) === (number === undefined))
        throw CLI_ERRORS.usage({
          why: 'Exactly one of a session or proof and --pull-request is needed.',
          hint: 'For example: samocode verify <session>, or samocode verify --pull-request <number>.',
        });
      if (of !== undefined) await verifyOne(cli, of, options);
      else if (number !== undefined) await verifyPullRequestOf(cli, number, options);
    });
}

async function verifyOne(cli: Cli, of: string, options: VerifyOptions): Promise<void> {
  const [{ openProof }, { verifyProof }] = await Promise.all([
    import('./open-proof.ts'),
    import('./verify-proof.act.ts'),
  ]);
  const context = await cli.actionContext();
  const opened = await openProof({ of, ...projectOf(options) }, context);
  if (!options.yes) await agreeTo(cli, opened);
  const result = await verifyProof(opened, context, whileRunning(cli));
  cli.leaveWith(result.verified ? EXIT.ok : EXIT.failed);
  cli.output.result(result, () => formatVerification(result, cli.output));
}

async function verifyPullRequestOf(cli: Cli, number: number, options: VerifyOptions): Promise<void> {
  const [{ inThisBuild }, { pullRequestsToVerify }, { verifyPullRequest }] = await Promise.all([
    import('../../caller/context/in-this-build.ts'),
    import('./pull-requests-to-verify.ts'),
    import('./verify-pull-request.act.ts'),
  ]);
  const context = await cli.actionContext();
  const opened = await inThisBuild(pullRequestsToVerify)({ number, ...projectOf(options) }, context);
  if (opened.place.guard === undefined && !options.yes) await agreeToNoGuard(cli, number);
  const result = await verifyPullRequest(opened, context, whileRunning(cli));
  cli.leaveWith(result.verified ? EXIT.ok : EXIT.failed);
  cli.output.result(result, () => formatRepetition(result, cli.output));
}

function whileRunning({ interrupted: signal, output }: Cli): CloneRunOptions {
  return { signal, begins: (command) => output.say(output.style.dim(`running ${harmless(command)}`)) };
}

/** The commands are the project's own, but they run code by the author of the pull request. */
async function agreeToNoGuard(cli: Cli, number: number): Promise<void> {
  const refusal = CLI_ERRORS.code_not_agreed({ number });
  if (!cli.isInteractive) throw refusal;
  cli.output.say(
    `The code of pull request ${number} would run with your permissions: there is no guard here.`,
  );
  const { askYesNo } = await import('../../faces/terminal/ask.ts');
  if ((await askYesNo(cli, 'Run it?')) !== true) throw refusal;
}

/**
 * The author of a proof file chose its commands, so the person must agree to them; those of a session are
 * already trusted.
 */
async function agreeTo(cli: Cli, { from, proof }: OpenedProof): Promise<void> {
  const runs = proof?.checks?.runs ?? [];
  if (from === 'session' || proof === undefined || runs.length === 0) return;
  const { setup, home = [], copy = [] } = proof.clone;
  const commands = runs.flatMap(({ command, isSetup }) => (isSetup ? [] : [command]));
  const taken = [
    ...(home.length > 0 ? [`(reads from your home folder: ${home.join(', ')})`] : []),
    ...(copy.length > 0 ? [`(gets copies of ignored files of the main checkout: ${copy.join(', ')})`] : []),
  ];
  const run = [...(setup === undefined ? [] : [setup]), ...applicationLines(proof.clone), ...commands];
  const shown = [...run, ...taken].map(agreedText);
  if (!cli.isInteractive) throw CLI_ERRORS.commands_not_agreed({ commands: shown });
  cli.output.say(
    'The proof file contains these commands; they run with your permissions, on a fresh clone of the branch:',
  );
  for (const command of shown) cli.output.say(`  ${command}`);
  const { askYesNo } = await import('../../faces/terminal/ask.ts');
  if ((await askYesNo(cli, 'Run them?')) !== true) throw CLI_ERRORS.commands_not_agreed({ commands: shown });
}

/** What an application runs, and the variables that its commands get. */
function applicationLines({ application }: SessionProof['clone']): string[] {
  if (application === undefined) return [];
  const { services, ready, init, env } = application;
  return [
    ...services.map(({ command }) => command),
    ...Object.values(ready),
    ...(init === undefined ? [] : [init]),
    ...Object.entries(env).map(([name, value]) => `${name}=${value}`),
  ];
}

/** Formats the result: yes, partly with what the proof leaves open, or no with the differences. */
export function formatVerification(result: Verification, { style }: Pick<Output, 'style'>): string {
  const { checks, differences, verified, branch = '', commit = '', sandbox, partly } = result;
  const { good, bad, attention, dim } = style;
  const ran = checks.flatMap((check) => repeatedCheckLines(check, style));
  if (verified) {
    const at = `${harmless(branch)} at ${commit.slice(0, 8)}`;
    const what =
      ran.length === 0 ? 'commit and tree match the proof; it has no checks' : 'everything matches the proof';
    const open = partly === undefined ? '' : `; ${harmless(partly)}`;
    const answer = partly === undefined ? good('yes') : attention('partly');
    return [...ran, `${answer}: ${at}, ${what}${open} ${dim(`(sandbox: ${sandbox})`)}`].join('\n');
  }
  const hadOtherFiles = result.ranIn === 'worktree' && differences.some(({ what }) => what === 'exit_status');
  return [
    ...ran,
    `${bad('no')}: differs from the proof`,
    ...differences.flatMap(differenceLines),
    ...(hadOtherFiles ? [IN_WORKTREE] : []),
  ].join('\n');
}

const IN_WORKTREE =
  "  The checks of this proof ran in the agent's worktree (CHECK_IN=worktree), with uncommitted and ignored files.";

type Style = Output['style'];

/** Formats the result for a pull request: its checks, its requirements, the verdict and the differences. */
function formatRepetition(result: VerifiedPullRequest, { style }: Pick<Output, 'style'>): string {
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
function repeatedCheckLines(
  { command, found, expected, redBefore, durationMs = 0 }: RepeatedCheck,
  style: Style,
): string[] {
  if (found === undefined) return [];
  const status = found === null ? 'no exit status' : `exit status ${found}`;
  const mark = found === (expected ?? 0) ? style.good('✔') : style.bad('✘');
  const red = redBefore ? `, ${RED_AFTER}` : '';
  return [`${mark} ${harmless(command)}: ${status}${red} ${style.dim(`(${duration(durationMs)})`)}`];
}

function differenceLines({ what, about, expected, found, lastLines }: Difference): string[] {
  const of = about === undefined ? '' : ` of ${harmless(about)}`;
  const printed = lastLines ? lastLines.split('\n').map((line) => `    ${harmless(line)}`) : [];
  return [
    `  ${DIFFERENCES[what]}${of}: expected ${harmless(expected)}, found ${harmless(found)}`,
    ...printed,
  ];
}
