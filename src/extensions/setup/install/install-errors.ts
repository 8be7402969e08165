import type { ServerStart } from '../../../core/faces/package/package-source.ts';
import { errors } from '../../../core/kernel/errors.ts';

/** Errors in setting up clients and the supervisor's service, for a person at a terminal. */
export const INSTALL_ERRORS = errors({
  /** @param said the first lines of the client's error: not our text, so only for people */
  client_command_failed: ({ command, timedOut }: { command: string; timedOut: boolean; said: string }) => ({
    what: 'A command of the client failed.',
    why: `${command} ${timedOut ? 'did not end within two minutes' : 'ended with an error'}.`,
    hint: 'Fix the error that it printed, then run samocode install again.',
  }),
  no_client: () => ({
    what: 'Nothing was changed.',
    why: 'No client was found: none of their programs is on PATH, and none has settings here.',
    hint: 'Install one (samocode install --help lists them); the terminal alone needs no client.',
  }),
  no_service: () => ({
    what: 'The supervisor was not installed.',
    why: 'This machine has neither a systemd user manager nor launchd.',
    hint: 'Any act on a session starts a supervisor. To start one at boot, have the machine run "samocode supervisor".',
  }),
  not_all_removed: ({ title }: { title: string }) => ({
    what: `A part of samocode is still in ${title}.`,
    why: 'It could not be removed; the reason is given with its path.',
    hint: 'Repair or remove it by hand, then run samocode uninstall again.',
  }),
  own_entry: ({ title, path, words }: { title: string; path: string; words: string }) => ({
    what: `${title} was not changed.`,
    why: `It already has a server named samocode that starts something else (${words}), in ${path}.`,
    hint: 'Rename that entry, or replace it: samocode install --replace.',
  }),
  own_extension: ({ title, path }: { title: string; path: string }) => ({
    what: `${title} was not changed.`,
    why: `It already has an extension named samocode that this installation did not add, in ${path}.`,
    hint: 'Remove it with "gemini extensions uninstall samocode", then run samocode install again.',
  }),
  program_not_lasting: ({ what, program }: { what: string; program: string }) => ({
    what,
    why: `This samocode is in the cache of npx (${program}), which npm empties from time to time.`,
    hint: 'Install it from its tarball (npm install -g ./samocode-mcp-*.tgz) and try again.',
  }),
  scope_not_supported: ({ title }: { title: string }) => ({
    what: `${title} was not changed.`,
    why: 'It does not read project settings without further steps.',
    hint: 'Omit --scope to add samocode for your user, in every project.',
  }),
  service_command_failed: ({ command }: { command: string }) => ({
    what: 'The supervisor is only partly installed or removed.',
    why: `"${command}" failed.`,
    hint: 'Run it yourself to see why, then try again: completed steps are not repeated.',
  }),
  settings_have_comments: ({ path, start }: { path: string; start: ServerStart }) => ({
    what: `The settings file ${path} was not changed.`,
    why: 'It has comments, and Claude Code cannot add a plugin to such a file.',
    hint: `Remove the comments, or add the server without skills and commands: claude mcp add --scope user samocode -- ${[start.command, ...start.args].join(' ')}`,
  }),
  settings_file_unreadable: ({ path }: { path: string }) => ({
    what: `The settings file ${path} was not changed.`,
    why: 'It is not in the format that the client documents, or its entry for samocode has a form that samocode does not write.',
    hint: 'Repair the file and try again, or edit it by hand as mcp.json.example shows.',
  }),
  unknown_client: ({ name, known }: { name: string; known: readonly string[] }) => ({
    what: `There is no client named "${name}".`,
    why: `The clients are: ${known.join(', ')}.`,
    hint: 'Name one of them, or none to change every client that is found.',
  }),
});
