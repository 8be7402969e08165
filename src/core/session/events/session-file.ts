import * as z from 'zod';
import { fingerprint } from '../../kernel/files/fingerprint.ts';
import { linesFrom } from '../../kernel/files/lines.ts';
import { readPlainFile } from '../../kernel/files/plain-file.ts';
import type { SessionIdentity } from '../../kernel/files/session-records.ts';
import { parseJson } from '../../kernel/parse-json.ts';
import { CHANNELS } from '../../kernel/phases/channels.ts';
import { OVERAGES, SessionLimits, SpendingLimits } from '../../kernel/phases/limits.ts';
import { GATES, PHASE_NAMES } from '../../kernel/phases/table.ts';
import { Keep } from '../../kernel/phases/usage-windows.ts';
import { SANDBOX_LEVELS } from '../../kernel/sandbox-level.ts';
import type { SessionPaths } from '../layout/paths.ts';
import { SESSION_ERRORS } from '../layout/session-errors.ts';
import { TakenOver } from './bodies/event-types.ts';
import { HostSettings, type Places, StartOrder } from './bodies/positions.ts';
import { withLog } from './event-log.ts';
import { FORMAT_VERSION, NewerVersion, parseEvent } from './events.ts';

const PerPhase = z.partialRecord(z.enum(PHASE_NAMES), z.string());

export const FrozenSettings = z.object({
  ...HostSettings.shape,
  provider: z.string(),
  providers: PerPhase,
  /** Empty: the CLI's own default. */
  model: z.string(),
  models: PerPhase,
  /** Providers to use, in this order, while a phase's own is at its usage limit; and their models. */
  fallback: z.array(z.string()),
  fallbackModels: z.record(z.string(), z.string()),
  /** Values of the settings that only one CLI has, by key. */
  own: z.record(z.string(), z.number()),
  timeLimitMs: z.number(),
  /** By provider, if different from `timeLimitMs`. */
  timeLimitsMs: z.record(z.string(), z.number()),
  /** The start chose a lower level than the project's. */
  sandboxLowered: z.literal(true).optional(),
  gates: z.array(z.enum(GATES)),
  gateChannels: z.array(z.enum(CHANNELS)),
  autoApprove: z.boolean(),
  acceptSuggestions: z.boolean(),
  maxRetries: z.int(),
  retryDelayMs: z.number(),
  /** How long to wait for an overloaded provider or a lost network. */
  retryHours: z.number(),
  /** Whether to wait for the plan's limit instead of working at an extra charge. Absent: allow. */
  overage: z.enum(OVERAGES).optional(),
  /** What the project's file keeps for the person, where that is more than the machine's. */
  keep: Keep.optional(),
  /** The first wait of an outage after the quick retries, in milliseconds, if it is not a minute. */
  outageMs: z.number().optional(),
  maxParallel: z.int().optional(),
  limits: SessionLimits,
  /** The limits of the project's file, if the start chose others: up to these, every channel may go. */
  fileLimits: SpendingLimits.optional(),
  /** Overrides the default limits for detecting a hung agent, in milliseconds and bytes. */
  watch: z
    .object({
      firstByteMs: z.number(),
      stallMs: z.number(),
      stallEndMs: z.number(),
      afterFinalMs: z.number(),
      networkWaitMs: z.number(),
      logCeilingBytes: z.number(),
    })
    .partial()
    .optional(),
  /** Overrides how long typed answers must stay unchanged before they count, in milliseconds. */
  typingRest: z.object({ markedMs: z.number(), unmarkedMs: z.number() }).optional(),
  branch: z.string(),
  base: z.string().optional(),
});
export type FrozenSettings = z.infer<typeof FrozenSettings>;

/** A plan with check boxes that a person gave at the start; its text belongs to the person and is quoted. */
export const GivenPlan = z.object({
  /** The name of the file, without its folder. */
  name: z.string(),
  /** SHA-256 of its bytes. */
  hash: z.string(),
  text: z.string(),
});
export type GivenPlan = z.infer<typeof GivenPlan>;

/** An issue that a session works on. */
export const GivenIssue = z.object({
  /** `host/owner/name`. */
  repository: z.string(),
  number: z.int().positive(),
  url: z.string(),
  title: z.string(),
  /** The document that quotes it. */
  text: z.string(),
  /** Set if the supervisor started it: when the issue was labelled, and the commit at which the branch was pushed. */
  claim: z.object({ labelledAt: z.string(), commit: z.string() }).optional(),
});
export type GivenIssue = z.infer<typeof GivenIssue>;

/** The chat that a session continues. */
const GivenChat = z.object({
  /** Its program, such as `Claude Code`; `summary` if the chat described itself. */
  from: z.string(),
  /** Absent for a summary. */
  id: z.string().optional(),
  /** The number of turns of the person. */
  turns: z.int(),
  /** The document that quotes it. */
  text: z.string(),
  /** A commit of the files that the chat had changed, and their paths: it becomes the first of the session's branch. */
  brought: z.object({ commit: z.string(), files: z.array(z.string()) }).optional(),
});
export type GivenChat = z.infer<typeof GivenChat>;

/** Which run of a recurring session a session is. */
export const RecurringRun = z.object({
  /** ULID of the recurring session. */
  id: z.string(),
  name: z.string(),
  /** The time at which it was due (ISO, UTC), or the commit whose checks failed. */
  run: z.string(),
});
export type RecurringRun = z.infer<typeof RecurringRun>;

/** `session.json`: the identity and choices of a session, written once before its worker exists. */
export const SessionFile = z.object({
  v: z.literal(FORMAT_VERSION),
  /** ULID; agents carry it in their marker. */
  id: z.string(),
  folder: z.string(),
  createdAt: z.iso.datetime(),
  task: z.string().optional(),
  dive: z.string().optional(),
  /** The plan given for the first goal. */
  givenPlan: GivenPlan.optional(),
  issue: GivenIssue.optional(),
  chat: GivenChat.optional(),
  recurring: RecurringRun.optional(),
  mainRepo: z.string(),
  worktreesDir: z.string(),
  sessionsDir: z.string(),
  configPath: z.string(),
  /** The prior state, if it was a folder of the Python samocode or one prepared by hand. */
  takenOver: TakenOver.optional(),
  /** The name under which sessions of one SESSIONS folder are listed, waited for and stopped together. */
  group: z.string().optional(),
  /** Absent: a full session. */
  way: z.enum(['quick', 'plan']).optional(),
  /** Quick work is reviewed whatever its size. */
  review: z.literal(true).optional(),
  /** Other machines of a pool may continue it. */
  pool: z.literal(true).optional(),
  /** The conditions that must hold before it begins. */
  order: StartOrder.optional(),
  /** The fingerprint of the call that started it: the same call again returns this session. */
  startKey: z.string().optional(),
  settings: FrozenSettings,
  /** The sandbox level that was available at the start. */
  sandbox: z.enum(SANDBOX_LEVELS),
});
export type SessionFile = z.infer<typeof SessionFile>;

/** The session's choices from `session.json`, as they apply on this machine. */
export function atPlaces(
  { settings, ...file }: SessionFile,
  { sessionsDir, folder }: Pick<SessionPaths, 'sessionsDir' | 'folder'>,
  places?: Places,
): SessionFile {
  // The caller has found the folder at its current path.
  const here = { ...file, sessionsDir, folder };
  if (places === undefined) return { ...here, settings };
  const { worktreePath: _, settings: ofHost, ...paths } = places;
  const ofSession = Object.entries(settings).filter(([key]) => !(key in HostSettings.shape));
  // What another machine set for these has no effect here, even if this one sets nothing.
  return { ...here, ...paths, settings: { ...Object.fromEntries(ofSession), ...ofHost } as FrozenSettings };
}

const MAX_SESSION_FILE_BYTES = 16 * 1024 * 1024;

/**
 * The session file as recorded in the event of its creation, so that later changes to `session.json` have no effect.
 * Read from that file only before there is an event.
 * @returns undefined if neither exists
 */
export async function recordedSessionFile(
  paths: Pick<SessionPaths, 'events' | 'sessionFile'>,
): Promise<SessionFile | undefined> {
  return (await recordedSession(paths))?.file;
}

/** The same, and its identity: no later event and no later change of `session.json` alters it. */
export async function recordedSession(
  paths: Pick<SessionPaths, 'events' | 'sessionFile'>,
): Promise<{ file: SessionFile; identity: SessionIdentity } | undefined> {
  const text = (await createdFile(paths)) ?? (await sessionFileText(paths));
  if (text === undefined) return undefined;
  const file = parseSessionFile(paths.sessionFile, text);
  return { file, identity: identityOf(file, text) };
}

/** Its identities: by the event of its creation, and by `session.json`, which alone is left if its log is lost. */
export async function identitiesOf(
  paths: Pick<SessionPaths, 'events' | 'sessionFile'>,
): Promise<SessionIdentity[]> {
  const texts = [await createdFile(paths), await sessionFileText(paths)];
  return texts.flatMap((text) =>
    text === undefined ? [] : [identityOf(parseSessionFile(paths.sessionFile, text), text)],
  );
}

/** @param text of the file, as it is recorded */
export function identityOf({ id }: Pick<SessionFile, 'id'>, text: string): SessionIdentity {
  return { id, print: fingerprint(text).slice(0, PRINT_DIGITS) };
}

const PRINT_DIGITS = 32;

export async function createdFile({ events }: Pick<SessionPaths, 'events'>): Promise<string | undefined> {
  return await withLog(events, (log) => {
    let file: string | undefined;
    for (const { text = '' } of linesFrom(log, 0, { pieceBytes: FIRST_BYTES })) {
      const reading = parseEvent(text);
      if (reading.kind !== 'event') continue;
      if (reading.event.type === 'session_created') file = reading.event.file;
      // It counts once the last event of its commit has been read.
      if (file !== undefined && reading.event.more === undefined) return file;
    }
    return undefined;
  });
}

/** Enough for the first events, including the creation. */
const FIRST_BYTES = 4000;

/** @returns undefined when there is none */
export async function readSessionFile(
  paths: Pick<SessionPaths, 'sessionFile'>,
): Promise<SessionFile | undefined> {
  const text = await sessionFileText(paths);
  return text === undefined ? undefined : parseSessionFile(paths.sessionFile, text);
}

async function sessionFileText({
  sessionFile,
}: Pick<SessionPaths, 'sessionFile'>): Promise<string | undefined> {
  const reading = await readPlainFile(sessionFile, MAX_SESSION_FILE_BYTES);
  if (reading.kind === 'missing') return undefined;
  if (reading.kind === 'unusable') throw broken(sessionFile, `It is ${reading.problem}`);
  return reading.bytes.toString('utf8');
}

function parseSessionFile(path: string, text: string): SessionFile {
  const value = parseJson(text);
  if (value === undefined) throw broken(path, 'It is not JSON');
  const file = SessionFile.safeParse(value);
  if (file.success) return file.data;
  const newer = NewerVersion.safeParse(value);
  if (newer.success) throw SESSION_ERRORS.session_file_broken({ path, newer: newer.data.v });
  throw broken(path, z.prettifyError(file.error));
}

function broken(path: string, problem: string) {
  return SESSION_ERRORS.session_file_broken({ path, problem });
}
