import type { Command } from 'commander';
import { askTrust, trustWords } from '../asking/ensure-trust.ts';
import type { Cli } from '../terminal/cli.ts';
import { CLI_ERRORS } from '../terminal/cli-errors.ts';
import { folderMeant } from '../terminal/project-file.ts';
import { withSharedOptions } from '../terminal/shared-options.ts';

interface TrustOptions {
  project?: string;
  yes?: true;
}

export function addTrust(program: Command, cli: Cli): void {
  withSharedOptions(program.command('trust [folder]'))
    .description('Trust the lines of a .samocode that run something or relax a rule')
    .option('-y, --yes', 'do not ask')
    .action((folder: string | undefined, options: TrustOptions) => trust(cli, folder, options));
}

async function trust(cli: Cli, folder: string | undefined, { project, yes }: TrustOptions): Promise<void> {
  const { readTrust, trustProject } = await import('../../actions/places/trust-project.ts');
  const context = await cli.actionContext();
  const projectDir = folderMeant(cli, folder ?? project);
  const found = await readTrust({ projectDir }, context);
  const { filePath, fileHash } = found.project;
  if (found.trust.kind === 'fine') {
    cli.output.result(
      { projectFile: filePath, lines: [] },
      () => `Nothing to trust: every line of ${filePath} is in effect.`,
    );
    return;
  }
  const { lines } = found.trust;
  if (!yes) {
    if (!cli.isInteractive) throw CLI_ERRORS.nobody_to_ask({ filePath, lines: trustWords(lines) });
    if (!(await askTrust(cli, filePath, lines))) throw CLI_ERRORS.not_trusted({ filePath });
  }
  await trustProject({ projectDir: filePath, hash: fileHash }, context);
  cli.output.result({ projectFile: filePath, lines }, () =>
    [
      ...trustWords(lines).map((line) => `  ${line}`),
      `${cli.output.style.good('✔')} These lines of ${filePath} are trusted; after a change you are asked again.`,
    ].join('\n'),
  );
}
