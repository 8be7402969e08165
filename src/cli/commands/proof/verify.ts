import type { Command } from 'commander';
import type { OpenedProof } from '../../../actions/proving/open-proof.ts';
import { verificationWords } from '../../rendering/proof-words.ts';
import { type Cli, EXIT } from '../../terminal/cli.ts';
import { CLI_ERRORS } from '../../terminal/cli-errors.ts';
import { projectOf, type SharedOptions, withSharedOptions } from '../../terminal/shared-options.ts';
import { harmless } from '../../terminal/style.ts';

interface VerifyOptions extends SharedOptions {
  yes?: true;
}

export function addVerify(program: Command, cli: Cli): void {
  withSharedOptions(program.command('verify'))
    .argument('<session|proof>', 'a session, its proof.json or its proof.md')
    .description('Repeat the proof of a session that is done, and show the differences')
    .option('-y, --yes', 'run the commands of a proof file without asking')
    .action((of: string, options: VerifyOptions) => verify(cli, of, options));
}

async function verify(cli: Cli, of: string, options: VerifyOptions): Promise<void> {
  const [{ openProof }, { verifyProof }] = await Promise.all([
    import('../../../actions/proving/open-proof.ts'),
    import('../../../actions/proving/verify-proof.ts'),
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
}

/** Whoever wrote a file chose what runs; the commands of a session its own person has trusted. */
async function agreeTo(cli: Cli, { from, proof }: OpenedProof): Promise<void> {
  const runs = proof?.checks?.runs ?? [];
  if (from === 'session' || proof === undefined || runs.length === 0) return;
  const { setup } = proof.clone;
  const commands = runs.flatMap(({ command, isSetup }) => (isSetup ? [] : [command]));
  const shown = [...(setup === undefined ? [] : [setup]), ...commands].map(harmless);
  if (!cli.isInteractive) throw CLI_ERRORS.commands_not_agreed({ commands: shown });
  cli.output.say('The proof file names these commands; they run as you, on a fresh clone of the branch:');
  for (const command of shown) cli.output.say(`  ${command}`);
  const { askYesNo } = await import('../../asking/ask-questions.ts');
  if ((await askYesNo(cli, 'Run them?')) !== true) throw CLI_ERRORS.commands_not_agreed({ commands: shown });
}
