import { errors } from '../../kernel/errors.ts';

export const SERVER_ERRORS = errors({
  bad_input: ({ tool, problems, hint }: { tool: string; problems: string; hint: string }) => ({
    what: `${tool} was not called.`,
    why: problems,
    hint,
  }),
  chat_not_here: () => ({
    what: 'No session was started.',
    why: 'This chat is on another machine, so samocode cannot read it.',
    hint: 'Pass brief instead of from_chat: what was decided, found, tried and refused.',
  }),
  internal: () => ({
    what: 'Internal error.',
    why: 'This is a bug in samocode, or the disk failed.',
    hint: 'Try once more. If it fails again, report it with what the server wrote to its stderr.',
  }),
  only_there: ({ tool }: { tool: string }) => ({
    what: `${tool} was not called.`,
    why: 'A client on another machine cannot set up projects.',
    hint: 'Ask the user to run "samocode init" or "samocode trust" in a terminal on that machine.',
  }),
  project_needed: ({ tool, known }: { tool: string; known: readonly string[] }) => ({
    what: `${tool} was not called.`,
    why: 'Called from another machine, it needs project_dir, and each path must be in a project known on this machine.',
    hint: `Known projects: ${known.slice(0, 10).join(', ') || 'none yet'}. "samocode init" in a terminal there adds one.`,
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
