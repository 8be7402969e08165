import type { Command } from 'commander';
import { handleOf } from '../../session/layout/names.ts';
import { acceptsStart } from '../asking/accepts-commands.ts';
import { ensureProject } from '../asking/ensure-project.ts';
import { sessionFacts } from '../rendering/session-facts.ts';
import { type Cli, EXIT } from '../terminal/cli.ts';
import { withSharedOptions } from '../terminal/shared-options.ts';
import { type StartOptions, startInput, withStartOptions } from '../terminal/start-options.ts';

type Options = StartOptions & { yes?: true; run: boolean };

export function addStart(program: Command, cli: Cli): void {
  withSharedOptions(withStartOptions(program.command('start')))
    .description('Start a session in the background')
    .option('-y, --yes', 'create a missing project without asking')
    .option('--no-run', 'prepare the session, but start no agent before "samocode resume"')
    .action((options: Options) => start(cli, options));
}

async function start(cli: Cli, options: Options): Promise<void> {
  const wanted = startInput(options);
  const projectDir = await ensureProject(cli, options);
  if (!(await acceptsStart(cli, wanted, projectDir))) return cli.leaveWith(EXIT.waiting);
  const { startSession } = await import('../../actions/sessions/start-session.ts');
  const { view, warnings } = await startSession(
    { ...wanted, projectDir, run: options.run },
    await cli.actionContext(),
  );
  for (const warning of warnings) cli.output.warn(warning);
  const short = handleOf(view.folder);
  const { good, accent } = cli.output.style;
  cli.output.result({ ...sessionFacts(view), warnings }, () =>
    [
      ...(options.run
        ? [
            `${good('✔')} ${view.folder} is started; you can close this terminal.`,
            `  follow it   ${accent(`samocode run ${short}`)}`,
          ]
        : [
            `${good('✔')} ${view.folder} is prepared; no agent runs yet.`,
            `  let it run  ${accent(`samocode resume ${short}`)}`,
          ]),
      `  look at it  ${accent(`samocode status ${short}`)}`,
      ...(options.run ? [`  stop it     ${accent(`samocode stop ${short}`)}`] : []),
    ].join('\n'),
  );
}
