import type { Command } from 'commander';
import { duration } from '../../base/durations.ts';
import { type Cli, EXIT } from '../../kit/terminal/cli.ts';
import { CLI_ERRORS } from '../../kit/terminal/cli-errors.ts';
import type { Output } from '../../kit/terminal/output.ts';
import { projectOf, type SharedOptions, withSharedOptions } from '../../kit/terminal/shared-options.ts';
import { harmless } from '../../kit/terminal/style.ts';
import { RED_AFTER } from '../../phases/proving.ts';
import type { Difference, OpenedProof } from './open-proof.ts';
import type { Verification } from './verify-proof.act.ts';

interface VerifyOptions extends SharedOptions {
  yes?: true;
}

export function addVerify(program: Command, cli: Cli): void {
  withSharedOptions(program.command('verify'))
    .argument('<session|proof>', 'a session, its proof.json or its proof.md')
    .description('Repeat the proof of a finished session, and show the differences')
    .option('-y, --yes', 'run the commands of a proof file without asking')
    .action(async (of: string, options: VerifyOptions) => {
      const [{ openProof }, { verifyProof }] = await Promise.all([
        import('./open-proof.ts'),
        import('./verify-proof.act.ts'),
      ]);
      const context = await cli.actionContext();
      const opened = await openProof({ of, ...projectOf(options) }, context);
      if (!options.yes) await agreeTo(cli, opened);
      const result = await verifyProof(opened, context, {
        signal: cli.interrupted,
        begins: (command) => cli.output.say(cli.output.style.dim(`running ${harmless(command)}`)),
      });
      cli.leaveWith(result.verified ? EXIT.ok : EXIT.failed);
      cli.output.result(result, () => formatVerification(result, cli.output));
    });
}

/**
 * The author of a proof file chose its commands, so the person must agree to them; those of a session are already
 * trusted.
 */
async function agreeTo(cli: Cli, { from, proof }: OpenedProof): Promise<void> {
  const runs = proof?.checks?.runs ?? [];
  if (from === 'session' || proof === undefined || runs.length === 0) return;
  const { setup, home = [] } = proof.clone;
  const commands = runs.flatMap(({ command, isSetup }) => (isSetup ? [] : [command]));
  const shown = [...(setup === undefined ? [] : [setup]), ...commands].map(harmless);
  if (!cli.isInteractive) throw CLI_ERRORS.commands_not_agreed({ commands: shown });
  cli.output.say(
    'The proof file contains these commands; they run with your permissions, on a fresh clone of the branch:',
  );
  for (const command of shown) cli.output.say(`  ${command}`);
  if (home.length > 0) cli.output.say(`They read from your home folder: ${home.map(harmless).join(', ')}`);
  const { askYesNo } = await import('../../kit/terminal/ask.ts');
  if ((await askYesNo(cli, 'Run them?')) !== true) throw CLI_ERRORS.commands_not_agreed({ commands: shown });
}

/** Formats the result: yes, partly with what it leaves open, or no with the differences. */
export function formatVerification(result: Verification, { style }: Pick<Output, 'style'>): string {
  const { checks, differences, verified, branch = '', commit = '', sandbox, partly } = result;
  const { good, bad, attention, dim } = style;
  const ran = checks.flatMap(({ command, found, expected, redBefore, durationMs = 0 }) => {
    if (found === undefined) return [];
    const status = found === null ? 'no exit status' : `exit status ${found}`;
    const mark = found === expected ? good('✔') : bad('✘');
    const red = redBefore ? `, ${RED_AFTER}` : '';
    return [`${mark} ${harmless(command)}: ${status}${red} ${dim(`(${duration(durationMs)})`)}`];
  });
  if (verified) {
    const at = `${harmless(branch)} at ${commit.slice(0, 8)}`;
    const what =
      ran.length === 0 ? 'commit and tree match the proof; it has no checks' : 'everything matches the proof';
    const open = partly === undefined ? '' : `; ${harmless(partly)}`;
    const answer = partly === undefined ? good('yes') : attention('partly');
    return [...ran, `${answer}: ${at}, ${what}${open} ${dim(`(sandbox: ${sandbox})`)}`].join('\n');
  }
  const hadOthers = result.ranIn === 'worktree' && differences.some(({ what }) => what === 'exit_status');
  return [
    ...ran,
    `${bad('no')}: differs from the proof`,
    ...differences.flatMap(differenceLines),
    ...(hadOthers ? [IN_WORKTREE] : []),
  ].join('\n');
}

const IN_WORKTREE =
  "  The checks of this proof ran in the agent's worktree (CHECK_IN=worktree), with uncommitted and ignored files.";

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
