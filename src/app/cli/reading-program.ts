import { sessionIndex } from '../../core/caller/context/session-index.ts';
import type { Cli } from '../../core/faces/terminal/cli.ts';
import { shortNames } from '../../core/faces/terminal/short-names.ts';
import { archivedFolders } from '../../core/session/folder/session-list.ts';
import { useProviders } from '../extensions/providers.ts';
import { useReading } from '../extensions/reading.ts';
import type { SessionNames } from './completion.ts';
import { newCli, type OpenProgram, type Started } from './terminal.ts';

/** The program of `list` and `status`, and of the session names in a completion. */
export function openReading(started: Started): OpenProgram & { sessionNames: SessionNames } {
  useProviders();
  useReading();
  const cli = newCli(started, { useSupervisorParts: async () => {} });
  return {
    output: cli.output,
    run: () => runReading(cli, started.argv),
    sessionNames: async (...asked) =>
      (await sessionNames(cli, ...asked)).map((name) => cli.output.presented(name)),
  };
}

/** Loaded here, so that a Tab, which is pressed more often than either command is run, waits for less. */
async function runReading(cli: Cli, argv: readonly string[]): Promise<void> {
  const { addList, addStatus } = await import('../../core/acts/reading/list-status-wait.command.ts');
  const { newProgram, runProgram } = await import('./program.ts');
  await runProgram(cli, argv, newProgram(cli, [['Inspect', [addList, addStatus]]]));
}

/** Reads folder names only: reading every session is too slow for a Tab. */
async function sessionNames(cli: Cli, project: string | undefined, archived: boolean): Promise<string[]> {
  const index = await sessionIndex({ projectDir: project, reach: 'current' }, await cli.actionContext());
  const names = await Promise.all(
    (await index.names()).map(async ({ place, folders }) => {
      const away = new Set(await archivedFolders(place.sessionsDir));
      return folders.filter((folder) => away.has(folder) === archived);
    }),
  );
  return shortNames(names.flat());
}
