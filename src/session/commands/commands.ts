import { mkdir, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import * as z from 'zod';
import { createWhole, syncFolder } from '../../base/files/atomic-file.ts';
import { namesAt } from '../../base/files/path-stats.ts';
import { readPlainFile } from '../../base/files/plain-file.ts';
import { parseJson } from '../../base/parse-json.ts';
import { Caps, type SessionCaps } from '../../phases/caps.ts';
import { Proving } from '../../phases/proving.ts';
import { PHASE_NAMES } from '../../phases/table.ts';
import { ChosenChild } from '../events/bodies/event-types.ts';
import { RewindTarget } from '../events/bodies/positions.ts';
import { By } from '../events/bodies/who-acted.ts';
import { FORMAT_VERSION, NewerVersion } from '../events/events.ts';
import type { SessionPaths } from '../layout/paths.ts';

// Strict to the last field: one that is left out unread would be accepted and not done.
const Head = z.strictObject({
  v: z.literal(FORMAT_VERSION),
  /** ULID made by whoever asks: the same one twice is the same command. */
  id: z.ulid(),
  by: By.strict(),
  at: z.iso.datetime(),
});

const GivenCaps = z.strictObject({
  session: Caps.strict(),
  phases: z.partialRecord(z.enum(PHASE_NAMES), Caps.strict()),
}) satisfies z.ZodType<SessionCaps>;

export const Command = z.discriminatedUnion('kind', [
  Head.extend({ kind: z.literal('start'), run: z.boolean() }),
  Head.extend({
    kind: z.literal('answer'),
    answers: z.array(z.strictObject({ id: z.string(), text: z.string() })),
    /** Every question still open gets its suggestion. */
    acceptSuggestions: z.boolean(),
    /** Answers found in the file at parking are the person's own. */
    confirmTyped: z.boolean(),
    /** Answers on record are changed: meant, and not merely later than another's. */
    replace: z.literal(true).optional(),
  }),
  Head.extend({ kind: z.literal('approve'), hash: z.string().optional() }),
  Head.extend({ kind: z.literal('request_changes'), feedback: z.string() }),
  Head.extend({ kind: z.literal('message'), text: z.string() }),
  Head.extend({ kind: z.literal('stop'), when: z.enum(['after_iteration', 'now']) }),
  Head.extend({
    kind: z.literal('resume'),
    note: z.string().optional(),
    goal: z.string().optional(),
    caps: GivenCaps.optional(),
    child: ChosenChild.strict().optional(),
    checks: z.array(z.string()).optional(),
    proving: Proving.strict().optional(),
  }),
  Head.extend({
    kind: z.literal('archive'),
    /** `session`: all of it is put away; `documents`: its documents, so that it can be used for new work. */
    what: z.enum(['session', 'documents']),
    keep: z.array(z.string()),
  }),
  Head.extend({ kind: z.literal('unarchive') }),
  /** Its branch becomes part of the one that it began from. */
  Head.extend({ kind: z.literal('merge') }),
  /** Its branch and worktree go to the trash, the session into the archive. */
  Head.extend({ kind: z.literal('discard') }),
  /** Files, plan and overview go back to the end of an iteration, or to what the last rewind replaced. */
  Head.extend({ kind: z.literal('rewind'), to: RewindTarget }),
]);
export type Command = z.infer<typeof Command>;
export type CommandOf<K extends Command['kind']> = Extract<Command, { kind: K }>;

export type CommandReading =
  | { kind: 'command'; id: string; command: Command }
  /** A newer samocode left it, with what this one does not know. */
  | { kind: 'newer'; id: string; problem: string }
  | { kind: 'malformed'; id: string; problem: string };

type CommandsFolder = Pick<SessionPaths, 'commands'>;

const MAX_COMMAND_BYTES = 2 * 1024 * 1024;

/** Leaves a command for the worker. The file appears whole; the same id a second time changes nothing. */
export async function leaveCommand(paths: CommandsFolder, command: Command): Promise<void> {
  const made = await mkdir(paths.commands, { recursive: true });
  if (made !== undefined) await syncFolder(dirname(paths.commands));
  await createWhole(commandPath(paths, command.id), `${JSON.stringify(command)}\n`);
}

export function pendingCommandIds(paths: CommandsFolder): string[] {
  const names = namesAt(paths.commands) ?? [];
  return names
    .filter((name) => /^[0-9A-Za-z]{26}\.json$/.test(name))
    .map((name) => name.slice(0, -'.json'.length))
    .sort();
}

/** Reads one waiting command. Never throws for what stands in the file; undefined when it is gone. */
export async function readCommand(paths: CommandsFolder, id: string): Promise<CommandReading | undefined> {
  const malformed = (problem: string): CommandReading => ({ kind: 'malformed', id, problem });
  const reading = await readPlainFile(commandPath(paths, id), MAX_COMMAND_BYTES);
  if (reading.kind === 'missing') return undefined;
  if (reading.kind === 'unusable') return malformed(reading.problem);
  const value = parseJson(reading.bytes.toString('utf8'));
  if (value === undefined) return malformed('not JSON');
  const newer = NewerVersion.safeParse(value);
  if (newer.success) return { kind: 'newer', id, problem: `format ${newer.data.v}` };
  const command = Command.safeParse(value);
  if (!command.success) {
    if (isNewer(value, command.error)) return { kind: 'newer', id, problem: 'with an unknown kind or field' };
    return malformed(z.prettifyError(command.error).slice(0, 300));
  }
  if (command.data.id !== id) return malformed('the id inside differs from the name of the file');
  return { kind: 'command', id, command: command.data };
}

const AnyCommand = z.looseObject({ ...Head.shape, by: By, kind: z.string() });

/** Whether a whole command has what only a newer samocode can have given it, and no other fault. */
function isNewer(value: unknown, { issues }: z.ZodError): boolean {
  const isUnknown = issues.every(({ code, path }) => code === 'unrecognized_keys' || path[0] === 'kind');
  return isUnknown && AnyCommand.safeParse(value).success;
}

/** Removes an answered command; its event is on disk by then. */
export async function removeCommand(paths: CommandsFolder, id: string): Promise<void> {
  await rm(commandPath(paths, id), { force: true, recursive: true });
}

function commandPath(paths: CommandsFolder, id: string): string {
  return join(paths.commands, `${id}.json`);
}
