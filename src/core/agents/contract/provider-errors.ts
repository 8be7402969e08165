import { errors } from '../../kernel/errors.ts';

/** Expected failures when starting programs: agent CLIs, Node, workers. */
export const PROVIDER_ERRORS = errors({
  child_not_started: ({ file }: { file: string }) => ({
    what: 'The agent was not started.',
    why: `${file} could not be run from its working directory.`,
    hint: 'Check that both exist and that the machine can start processes, then resume the session.',
  }),
  cli_not_executable: ({ path, setting, why }: { path: string; setting: string; why: string }) => ({
    what: `The program that ${setting} names cannot be started.`,
    why: `"${path}" ${why}.`,
    hint: `Set ${setting} to the absolute path of an executable file, or remove it to search PATH.`,
  }),
  cli_not_found: ({ command, setting, searched }: CliSearched) => ({
    what: `The program "${command}" was not found.`,
    why: `It is in none of these folders: ${searched.join(', ') || 'PATH is empty'}.`,
    hint: `Install it, or set ${setting} to its absolute path.`,
  }),
  node_not_found: () => ({
    what: 'No Node.js was found to run sessions with.',
    why: 'The program that runs this server is not Node.js, and no Node.js 20.19 or newer is on PATH or in the usual folders.',
    hint: 'Install Node.js 20.19 or newer from https://nodejs.org, then restart the client.',
  }),
  state_too_large: ({ part, megabytes }: { part: string; megabytes: number }) => ({
    what: 'The agent was not started.',
    why: `Its CLI's settings are copied for each agent, and up to "${part}" they have more than ${megabytes} MB.`,
    hint: 'Move what agents do not need out of that folder, then resume the session.',
  }),
  unknown_provider: ({ name, names, meant }: UnknownProvider) => ({
    what: `There is no provider "${name}".`,
    why: `The providers are: ${names.join(', ')}.`,
    hint: meant ? `Did you mean "${meant}"? Set PROVIDER to it.` : 'Set PROVIDER to one of them.',
  }),
  worker_not_launched: ({ folder }: { folder: string }) => ({
    what: `No worker was started for session ${folder}.`,
    why: 'The operating system refused to start a process.',
    hint: 'Free memory or end processes and try again; nothing of the session is lost.',
  }),
});

interface CliSearched {
  command: string;
  setting: string;
  /** In search order. */
  searched: readonly string[];
}

interface UnknownProvider {
  name: string;
  names: readonly string[];
  /** The nearest known name. */
  meant: string | undefined;
}
