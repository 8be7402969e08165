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
import { openWords } from '../../kernel/phases/proving.ts';
import { agreedText } from '../../kernel/text.ts';
import type { SessionProof } from '../../session/proof/proof.ts';
import type { CloneRunOptions } from './checks-on-clone.ts';
import type { OpenedProof } from './pull-requests-to-verify.ts';
import {
  claimWords,
  DIFFERENCES,
  type Difference,
  type RepeatedCheck,
  requirementWords,
  verdictWords,
} from './repetition.ts';
import type { Verification } from './verify-proof.act.ts';

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
      const { pullRequest } = options;
      const claimed = of ?? pullRequest;
      if (claimed === undefined || (of !== undefined && pullRequest !== undefined))
        throw CLI_ERRORS.usage({
          why:
            claimed === undefined
              ? 'It is not said what to verify.'
              : 'A session and --pull-request exclude each other.',
          hint: 'For example: samocode verify <session>, or samocode verify --pull-request <number>.',
        });
      const { openProof, verifyProof } = await import('./verify-proof.act.ts');
      const context = await cli.actionContext();
      const opened = await openProof({ of: claimed, ...projectOf(options) }, context);
      if (!options.yes) await agreeTo(cli, opened, claimed);
      const result = await verifyProof(opened, context, whileRunning(cli));
      cli.leaveWith(result.verified ? EXIT.ok : EXIT.failed);
      cli.output.result(result, () => formatVerification(result, cli.output));
    });
}

function whileRunning({ interrupted: signal, output }: Cli): CloneRunOptions {
  return { signal, begins: (command) => output.say(output.style.dim(`running ${harmless(command)}`)) };
}

/**
 * The author of a proof file chose its commands, so the person must agree to them; those of a session are already
 * trusted. Those of a pull request are the project's own, but they run code by its author.
 */
async function agreeTo(
  cli: Cli,
  { from, claims: { proof }, place }: OpenedProof,
  of: string | number,
): Promise<void> {
  if (from === 'pull_request' && place.guard === undefined) {
    const say = `The code of pull request ${of} would run with your permissions: there is no guard here.`;
    await agree(cli, [say], 'Run it?', CLI_ERRORS.code_not_agreed({ number: Number(of) }));
  }
  const runs = proof?.checks?.runs ?? [];
  if (from !== 'file' || proof === undefined || runs.length === 0) return;
  const { setup, home = [], copy = [] } = proof.clone;
  const commands = runs.flatMap(({ command, isSetup }) => (isSetup ? [] : [command]));
  const taken = [
    ...(home.length > 0 ? [`(reads from your home folder: ${home.join(', ')})`] : []),
    ...(copy.length > 0 ? [`(gets copies of ignored files of the main checkout: ${copy.join(', ')})`] : []),
  ];
  const run = [...(setup === undefined ? [] : [setup]), ...applicationLines(proof.clone), ...commands];
  const shown = [...run, ...taken].map(agreedText);
  const say = [
    'The proof file contains these commands; they run with your permissions, on a fresh clone of the branch:',
    ...shown.map((command) => `  ${command}`),
  ];
  await agree(cli, say, 'Run them?', CLI_ERRORS.commands_not_agreed({ commands: shown }));
}

async function agree(cli: Cli, say: readonly string[], question: string, refusal: Error): Promise<void> {
  if (!cli.isInteractive) throw refusal;
  for (const line of say) cli.output.say(line);
  const { askYesNo } = await import('../../faces/terminal/ask.ts');
  if ((await askYesNo(cli, question)) !== true) throw refusal;
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

export function formatVerification(result: Verification, { style }: Pick<Output, 'style'>): string {
  const { checks, notRepeated, requirements, differences, sandbox, ranIn } = result;
  const { good, bad, attention, dim } = style;
  const answer = { repeated: good, partly: attention, no_proof: attention, differs: bad }[result.result];
  const hadOtherFiles = ranIn === 'worktree' && differences.some(({ what }) => what === 'exit_status');
  return [
    ...checks.flatMap((check) => repeatedCheckLines(check, style)),
    ...notRepeated.map((claim) => `- ${harmless(claim.command)}: ${claimWords(claim)}`),
    ...requirements.map((requirement) => `- ${requirementWords(requirement, harmless)}`),
    `${answer(verdictWords(result, harmless))} ${dim(`(sandbox: ${sandbox})`)}`,
    ...differences.flatMap(differenceLines),
    ...(hadOtherFiles ? [IN_WORKTREE] : []),
  ].join('\n');
}

const IN_WORKTREE =
  "  The checks of this proof ran in the agent's worktree (CHECK_IN=worktree), with uncommitted and ignored files.";

/** How a check ended; nothing if it did not run. */
function repeatedCheckLines(
  { command, found, expected, durationMs = 0, ...claimed }: RepeatedCheck,
  style: Output['style'],
): string[] {
  if (found === undefined) return [];
  const status = found === null ? 'no exit status' : `exit status ${found}`;
  const isAsClaimed = found === (expected ?? 0) || (claimed.unsteady && found === 0);
  const mark = isAsClaimed ? style.good('✔') : style.bad('✘');
  const open = openWords(claimed);
  return [
    `${mark} ${harmless(command)}: ${status}${open ? `, ${open}` : ''} ${style.dim(`(${duration(durationMs)})`)}`,
  ];
}

function differenceLines({ what, about, expected, found, lastLines }: Difference): string[] {
  const of = about === undefined ? '' : ` of ${harmless(about)}`;
  const printed = lastLines ? lastLines.split('\n').map((line) => `    ${harmless(line)}`) : [];
  return [
    `  ${DIFFERENCES[what]}${of}: expected ${harmless(expected)}, found ${harmless(found)}`,
    ...printed,
  ];
}
