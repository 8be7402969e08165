import { ACTION_ERRORS } from '../../caller/errors/action-errors.ts';
import { commandsOf } from '../../caller/facts/step-texts.ts';
import { type Cli, EXIT } from './cli.ts';
import { hanging } from './columns.ts';

/**
 * Shows that a command is not done yet, which is neither a success nor a failure, and sets the status for it.
 * @returns false for any other error, which is not shown
 */
export function showPending(
  { output, leaveWith }: Pick<Cli, 'output' | 'leaveWith'>,
  error: unknown,
): boolean {
  if (!ACTION_ERRORS.pending.is(error)) return false;
  const { what, why, next, args } = error;
  const { textColumns: columns, style } = output;
  const { session, state, command } = args;
  const facts = { session, state, pending: true, command, summary: `${what} ${why}` };
  const lines = commandsOf(next);
  output.result({ ...facts, next: lines.join(', or '), nextCommands: lines }, ({ summary }) =>
    [
      hanging(summary, { first: `${style.attention('pending:')} `, columns }),
      ...lines.map((line) => hanging(line, { first: '  ', columns })),
    ].join('\n'),
  );
  leaveWith(EXIT.pending);
  return true;
}
