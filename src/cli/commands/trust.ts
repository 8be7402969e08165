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
    .description('let the commands and loosening lines of a .samocode count, after you have seen them')
    .option('-y, --yes', 'without asking')
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
      () => `${filePath} needs no trust that it does not have.`,
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
      `${cli.output.style.good('✔')} These lines of ${filePath} count now; a change of the file asks anew.`,
    ].join('\n'),
  );
}
