import { errors } from '../../kernel/errors.ts';

export const SERVER_ERRORS = errors({
  bad_input: ({ tool, problems, hint }: { tool: string; problems: string; hint: string }) => ({
    what: `${tool} was not called.`,
    why: problems,
    hint,
  }),
  internal: () => ({
    what: 'Internal error.',
    why: 'This is a bug in samocode, or the disk failed.',
    hint: 'Try once more. If it fails again, report it with what the server wrote to its stderr.',
  }),
  read_only: ({ tool }: { tool: string }) => ({
    what: `${tool} was not called.`,
    why: 'This client is connected with --read-only, so it cannot change anything.',
    hint: 'Ask the user to do it in a terminal with "samocode", or to connect without --read-only.',
  }),
  program_replaced: () => ({
    what: 'The samocode server can no longer answer.',
    why: 'Another version was installed while it ran. Sessions continue; nothing is lost.',
    hint: 'Ask the user to reconnect the server (in Claude Code with /mcp) or to restart the client.',
  }),
});
