import * as z from 'zod';
import type { SamocodeError } from '../../../core/kernel/errors.ts';
import { parseJson } from '../../../core/kernel/parse-json.ts';
import { SpendingLimits } from '../../../core/kernel/phases/limits.ts';
import { PHASE_NAMES } from '../../../core/kernel/phases/table.ts';
import { AnyCommand, Command, type RefusedCommand } from '../../../core/session/commands/commands.ts';
import { By } from '../../../core/session/events/bodies/who-acted.ts';
import type { RemoteCommand } from '../board/board.ts';
import { POOL_ERRORS } from '../pool-errors.ts';

/** The commands that a machine takes from another as they are. None names a program, a folder or a branch. */
const AS_SENT: ReadonlySet<string> = new Set<Command['kind']>([
  'start',
  'answer',
  'approve',
  'request_changes',
  'message',
  'withdraw_message',
  'stop',
]);

/** A resume as machines send it to each other: what a person asked for, without what a machine adds to that. */
const AskedResume = z.strictObject({
  ...AnyCommand.shape,
  by: By.strict(),
  kind: z.literal('resume'),
  note: z.string().optional(),
  goal: z.string().optional(),
  phase: z.enum(PHASE_NAMES).optional(),
  provider: z.string().optional(),
  model: z.string().optional(),
  limits: SpendingLimits.strict().optional(),
});
export type AskedResume = z.infer<typeof AskedResume>;

/** A command as this machine sends it to the one that has the session. */
export function sentText(command: Command): string {
  if (command.kind !== 'resume') return JSON.stringify(command);
  const { limits, agent, checks: _, proving: __, ...rest } = command;
  const { provider, model } = agent ?? {};
  const asked: AskedResume = { ...rest, limits: limits?.session, provider, model: model || undefined };
  return JSON.stringify(asked);
}

export type ActVerdict =
  | { kind: 'command'; command: Command }
  | { kind: 'resume'; asked: AskedResume }
  /** `refusal`: what the session records for the sender. */
  | { kind: 'refused'; error: SamocodeError; refusal: RefusedCommand }
  /** A newer version may know it. */
  | { kind: 'unknown' };

const KNOWN: ReadonlySet<string> = new Set(Command.options.map(({ shape }) => shape.kind.value));
const MAX_NAME = 100;

/**
 * Whether this machine carries out an act from another one. What it takes is listed here; a session's own judges decide
 * about it afterwards.
 * @param host the name of this machine
 */
export function judgeAct(act: RemoteCommand, host: string): ActVerdict {
  const { id, machine, person } = act;
  const value = parseJson(act.command);
  const { data: head } = AnyCommand.safeParse(value);
  // Under another id, no answer would settle the act.
  if (head?.id !== id) return { kind: 'unknown' };
  const { kind } = head;
  // The login says who it is; only the channel is believed.
  const by = { channel: head.by.channel, client: head.by.client, person: person.slice(0, MAX_NAME) };
  const refuse = (error: SamocodeError): ActVerdict => {
    const { v, at } = head;
    const { code, why: message, hint } = error;
    const refusal = { v, id, by, at, refused: kind, error: { code, message, hint } };
    return { kind: 'refused', error, refusal };
  };
  if (!KNOWN.has(kind)) return { kind: 'unknown' };
  if (!AS_SENT.has(kind) && kind !== 'resume') return refuse(POOL_ERRORS.act_only_there({ kind, host }));
  const parsed = (kind === 'resume' ? AskedResume : Command).safeParse(value);
  if (parsed.success) {
    const command = { ...parsed.data, by };
    // TypeScript cannot relate the kind to the schema.
    return kind === 'resume'
      ? { kind, asked: command as AskedResume }
      : { kind: 'command', command: command as Command };
  }
  const fields = parsed.error.issues.flatMap((issue) =>
    issue.code === 'unrecognized_keys' ? issue.keys : [],
  );
  return fields.length > 0 ? refuse(POOL_ERRORS.act_fields({ fields, machine, host })) : { kind: 'unknown' };
}

/** A resume that this machine cannot carry out. What its error advises is to be done here. */
export function refusedResume(
  { v, id, by, at, kind }: AskedResume,
  { code, why, hint, next }: SamocodeError,
  host: string,
): RefusedCommand {
  const where = `${hint} Do this on ${host}, which has the session.`.trim();
  return { v, id, by, at, refused: kind, error: { code, message: why, hint: where, next: [...next] } };
}
