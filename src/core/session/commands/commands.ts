import { rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import * as z from 'zod';
import { syncFolder, writeWhole } from '../../kernel/files/atomic-file.ts';
import { fingerprint } from '../../kernel/files/fingerprint.ts';
import { makeFolder } from '../../kernel/files/make-folder.ts';
import { namesAt } from '../../kernel/files/path-stats.ts';
import { readPlainFile } from '../../kernel/files/plain-file.ts';
import { parseJson } from '../../kernel/parse-json.ts';
import { type SessionLimits, SpendingLimits } from '../../kernel/phases/limits.ts';
import { Proving } from '../../kernel/phases/proving.ts';
import { PHASE_NAMES } from '../../kernel/phases/table.ts';
import { ChosenAgent } from '../events/bodies/event-types.ts';
import { PublishWork } from '../events/bodies/finishing.ts';
import { FormatVersion, NewerVersion } from '../events/bodies/format.ts';
import {
  PullRequestChange,
  PullRequestFact,
  Refusal,
  RewindTarget,
  Round,
} from '../events/bodies/positions.ts';
import { By, CommandBy } from '../events/bodies/who-acted.ts';
import type { SessionPaths } from '../layout/paths.ts';

// Strict at every level: an unknown field that is ignored would be accepted but not carried out.
const Head = z.strictObject({
  v: FormatVersion,
  /** ULID chosen by the sender: the same id twice is the same command. */
  id: z.ulid(),
  by: CommandBy.strict(),
  at: z.iso.datetime(),
});

const GivenLimits = z.strictObject({
  session: SpendingLimits.strict(),
  phases: z.partialRecord(z.enum(PHASE_NAMES), SpendingLimits.strict()),
}) satisfies z.ZodType<SessionLimits>;

/** The commit of the branch when the person was shown what the command would do; empty without a branch. */
const Tip = z.string().optional();

export const Command = z.discriminatedUnion('kind', [
  Head.extend({ kind: z.literal('start'), run: z.boolean() }),
  Head.extend({
    kind: z.literal('answer'),
    answers: z.array(z.strictObject({ id: z.string(), text: z.string() })),
    /** Answers every question that is still open with its suggestion. */
    acceptSuggestions: z.boolean(),
    /** Confirms that answers already in the file when the session parked are the person's own. */
    confirmTyped: z.boolean(),
    /** Required to replace answers that are already recorded. */
    replace: z.literal(true).optional(),
    /** The questions as they were shown; see `questionsHash`. */
    hash: z.string().optional(),
  }),
  Head.extend({ kind: z.literal('approve'), hash: z.string().optional() }),
  Head.extend({ kind: z.literal('request_changes'), feedback: z.string() }),
  Head.extend({ kind: z.literal('message'), text: z.string() }),
  /** `message`: the id of the command that sent it. */
  Head.extend({ kind: z.literal('withdraw_message'), message: z.string() }),
  Head.extend({ kind: z.literal('stop'), when: z.enum(['after_iteration', 'now']) }),
  Head.extend({
    kind: z.literal('resume'),
    note: z.string().optional(),
    goal: z.string().optional(),
    phase: z.enum(PHASE_NAMES).optional(),
    limits: GivenLimits.optional(),
    agent: ChosenAgent.strict().optional(),
    checks: z.array(z.string()).optional(),
    proving: Proving.strict().optional(),
  }),
  Head.extend({
    kind: z.literal('archive'),
    /** `session`: archive all of it; `documents`: archive its documents, so that it can be used for new work. */
    what: z.enum(['session', 'documents']),
    keep: z.array(z.string()),
    tip: Tip,
  }),
  Head.extend({ kind: z.literal('unarchive') }),
  Head.extend({ kind: z.literal('merge'), tip: Tip }),
  /** Publish its branch, the work of a round, or the result of its merge. */
  Head.extend({ kind: z.literal('publish'), ...PublishWork.shape, tip: Tip }),
  Head.extend({
    kind: z.literal('pull_request'),
    ...PullRequestFact.pick({ repository: true, number: true }).shape,
    change: PullRequestChange.strict(),
  }),
  /** Work on the feedback on the session's pull request; without keys, on commits that others added to its branch. */
  Head.extend({
    kind: z.literal('round'),
    round: Round.strict(),
    /** The feedback, quoted as Markdown. */
    text: z.string(),
    /** Requested by a person, so PR_ROUNDS does not limit it. */
    byHand: z.literal(true).optional(),
  }),
  /** Start or end the services of the application while no agent works. */
  Head.extend({ kind: z.literal('services'), want: z.enum(['up', 'down']) }),
  /** Delete the session's branch and worktree, which a ref keeps, and archive the session. */
  Head.extend({ kind: z.literal('discard'), tip: Tip }),
  /** Restore files, plan and overview from the end of an iteration, or from before the last rewind. */
  Head.extend({ kind: z.literal('rewind'), to: RewindTarget, tip: Tip }),
]);
export type Command = z.infer<typeof Command>;
export type CommandOf<K extends Command['kind']> = Extract<Command, { kind: K }>;

/** A command that was refused before it reached the worker, which records that for its sender. */
const RefusedCommand = Head.extend({ refused: z.string(), error: Refusal });
export type RefusedCommand = z.infer<typeof RefusedCommand>;

/** The fingerprint of what a command asks for, whoever sends it and when. */
export function requestPrint(command: Command): string {
  const { v, id, by, at, ...request } = Command.parse(command);
  return fingerprint(JSON.stringify(request));
}

export type CommandReading =
  | { kind: 'command'; id: string; command: Command }
  | { kind: 'refused'; id: string; command: RefusedCommand }
  /** Written by a newer samocode, with a kind or field unknown to this version. */
  | { kind: 'newer'; id: string; problem: string }
  | { kind: 'malformed'; id: string; problem: string };

type CommandsFolder = Pick<SessionPaths, 'commands'>;

const MAX_COMMAND_BYTES = 2 * 1024 * 1024;

/** Writes a command for the worker. The file appears atomically; writing the same id again changes nothing. */
export async function leaveCommand(paths: CommandsFolder, command: Command | RefusedCommand): Promise<void> {
  const made = makeFolder(paths.commands);
  if (made !== undefined) await syncFolder(dirname(paths.commands));
  await writeWhole(commandPath(paths, command.id), `${JSON.stringify(command)}\n`, { exclusive: true });
}

export function pendingCommandIds(paths: CommandsFolder): string[] {
  const names = namesAt(paths.commands) ?? [];
  return names
    .filter((name) => /^[0-9A-Za-z]{26}\.json$/.test(name))
    .map((name) => name.slice(0, -'.json'.length))
    .sort();
}

/** Reads one pending command. Never throws because of the file's contents; undefined when it is gone. */
export async function readCommand(paths: CommandsFolder, id: string): Promise<CommandReading | undefined> {
  const malformed = (problem: string): CommandReading => ({ kind: 'malformed', id, problem });
  const reading = await readPlainFile(commandPath(paths, id), MAX_COMMAND_BYTES);
  if (reading.kind === 'missing') return undefined;
  if (reading.kind === 'unusable') return malformed(reading.problem);
  const value = parseJson(reading.bytes.toString('utf8'));
  if (value === undefined) return malformed('not JSON');
  const newer = NewerVersion.safeParse(value);
  if (newer.success) return { kind: 'newer', id, problem: `format ${newer.data.v}` };
  const refused = RefusedCommand.safeParse(value);
  if (refused.data?.id === id) return { kind: 'refused', id, command: refused.data };
  const command = Command.safeParse(value);
  if (!command.success) {
    if (isNewer(value, command.error)) return { kind: 'newer', id, problem: 'with an unknown kind or field' };
    return malformed(z.prettifyError(command.error).slice(0, 300));
  }
  if (command.data.id !== id) return malformed('the id inside differs from the name of the file');
  return { kind: 'command', id, command: command.data };
}

/** What commands of every kind and version have. */
export const AnyCommand = z.looseObject({ ...Head.shape, by: By, kind: z.string() });

/** Whether the only fault of a command is a kind or field that a newer samocode may know. */
function isNewer(value: unknown, { issues }: z.ZodError): boolean {
  const isUnknown = issues.every(({ code, path }) => code === 'unrecognized_keys' || path[0] === 'kind');
  return isUnknown && AnyCommand.safeParse(value).success;
}

/** Removes an answered command, after its event is on disk. */
export async function removeCommand(paths: CommandsFolder, id: string): Promise<void> {
  await rm(commandPath(paths, id), { force: true, recursive: true });
}

function commandPath(paths: CommandsFolder, id: string): string {
  return join(paths.commands, `${id}.json`);
}
