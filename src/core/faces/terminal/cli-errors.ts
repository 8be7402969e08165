import { errors } from '../../kernel/errors.ts';

export const CLI_ERRORS = errors({
  code_not_agreed: ({ number }: { number: number }) => ({
    what: 'Nothing was run.',
    why: `There is no guard here, and you have not agreed to run the code of pull request ${number} with your permissions.`,
    hint: 'Read its changes, then run the command again with --yes.',
  }),
  commands_not_agreed: ({ commands }: { commands: readonly string[] }) => ({
    what: 'Nothing was run.',
    why: `You have not agreed to the commands of the proof: ${commands.join('; ')}.`,
    hint: 'Read them, then run the command again with --yes.',
  }),
  draft_gone: ({ path }: { path: string }) => ({
    what: 'Nothing was recorded.',
    why: `Your editor left no file at ${path}.`,
    hint: 'Save the text under the name with which it was opened, then run the command again.',
  }),
  editor_failed: ({ editor, status }: { editor: string; status: number }) => ({
    what: 'Nothing was recorded.',
    why: `Your editor (${editor}) ended with status ${status}.`,
    hint: 'If it did not open, set $VISUAL or $EDITOR to an editor that runs here.',
  }),
  input_ended: () => ({
    what: 'Nothing was answered.',
    why: 'The input ended.',
    hint: 'Run the command again in a terminal.',
  }),
  internal_error: ({ message }: { message: string }) => ({
    what: message,
    why: '',
    hint: 'This is a bug in samocode: run the command again without --json to see its stack, and report it.',
  }),
  no_project_yet: ({ folder, steps }: { folder: string; steps: readonly string[] }) => ({
    what: 'Nothing was started.',
    why: `There is no samocode project in ${folder} yet; it needs ${steps.join('; ')}.`,
    hint: 'Add --yes to create it, or set the project up first to choose other folders.',
    next: [{ act: 'set_up' }],
  }),
  nobody_to_ask: ({ filePath, lines }: { filePath: string; lines: readonly string[] }) => ({
    what: 'Nothing was trusted.',
    why: `This is not a terminal, so you cannot be asked about these lines of ${filePath}: ${lines.join('; ')}.`,
    hint: 'Read them, then run the command again with --yes.',
  }),
  not_trusted: ({ filePath }: { filePath: string }) => ({
    what: 'Nothing was trusted.',
    why: `You did not agree to the lines of ${filePath}.`,
    hint: 'Change them, then run the command again.',
  }),
  supervisor_folder: ({ problem }: { problem: string }) => ({
    what: 'No supervisor was started.',
    why: `${problem}. Sessions still run, but nothing watches them.`,
    hint: 'Make the folder writable for your user (chown, chmod), then try again.',
  }),
  /** An invalid command line: exit status 2. */
  usage: ({ why, hint }: { why: string; hint: string }) => ({
    what: 'The command line is invalid.',
    why,
    hint,
  }),
  working_folder_gone: () => ({
    what: 'Nothing was done.',
    why: 'The current folder has been removed.',
    hint: 'Change to another folder, such as the project, and run the command there.',
  }),
});
