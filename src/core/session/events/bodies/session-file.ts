import * as z from 'zod';
import { fingerprint } from '../../../kernel/files/fingerprint.ts';
import { CHANNELS } from '../../../kernel/phases/channels.ts';
import { OVERAGES, SessionLimits, SpendingLimits } from '../../../kernel/phases/limits.ts';
import { GATES, PHASE_NAMES } from '../../../kernel/phases/table.ts';
import { Keep } from '../../../kernel/phases/usage-windows.ts';
import { SANDBOX_LEVELS } from '../../../kernel/sandbox-level.ts';
import { FormatVersion } from './format.ts';
import { HostSettings, type Places, StartConditions, TakenOver } from './positions.ts';

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
const PlanFact = z.object({
  /** The name of the file, without its folder. */
  name: z.string(),
  /** SHA-256 of its bytes. */
  hash: z.string(),
});
export type GivenPlan = z.infer<typeof PlanFact> & { text: string };

const IssueFact = z.object({
  /** `host/owner/name`. */
  repository: z.string(),
  number: z.int().positive(),
  url: z.string(),
  title: z.string(),
  /** Set if the supervisor started it: when the issue was labelled, and the commit at which the branch was pushed. */
  claim: z.object({ labelledAt: z.string(), commit: z.string() }).optional(),
});
export type IssueFact = z.infer<typeof IssueFact>;
/** `text`: the document that quotes it. */
export type GivenIssue = IssueFact & { text: string };

const ChatFact = z.object({
  /** Its program, such as `Claude Code`; `summary` if the chat described itself. */
  from: z.string(),
  /** Absent for a summary. */
  id: z.string().optional(),
  turns: z.int(),
  /** A commit of the files that the chat had changed, and their paths: it becomes the first of the session's branch. */
  brought: z.object({ commit: z.string(), files: z.array(z.string()) }).optional(),
});
/** `text`: the document that quotes it. */
export type GivenChat = z.infer<typeof ChatFact> & { text: string };

/** The texts that were given at the start, which are as long as people and chats made them. */
export const GivenTexts = z.object({
  plan: z.string().optional(),
  issue: z.string().optional(),
  chat: z.string().optional(),
});
export type GivenTexts = z.infer<typeof GivenTexts>;

/** The work of a start with its texts, as its sources found it. */
export interface GivenWork {
  givenPlan?: GivenPlan | undefined;
  issue?: GivenIssue | undefined;
  chat?: GivenChat | undefined;
}

export function textsOf({
  givenPlan,
  issue,
  chat,
}: { [K in keyof GivenWork]?: { text?: string } }): GivenTexts {
  return { plan: givenPlan?.text, issue: issue?.text, chat: chat?.text };
}

/** Binds the texts to the choices. */
export function printOfTexts({ plan, issue, chat }: GivenTexts): string {
  return fingerprint(JSON.stringify([plan, issue, chat]));
}

export const RecurringRun = z.object({
  /** ULID of the recurring session. */
  id: z.string(),
  name: z.string(),
  /** The time at which it was due (ISO, UTC), or the commit whose checks failed. */
  run: z.string(),
});
export type RecurringRun = z.infer<typeof RecurringRun>;

/** The identity and choices of a session, written once before its worker exists. */
export const SessionFile = z.object({
  v: FormatVersion,
  /** ULID; agents carry it in their marker. */
  id: z.string(),
  folder: z.string(),
  createdAt: z.iso.datetime(),
  task: z.string().optional(),
  dive: z.string().optional(),
  /** The plan given for the first goal. */
  givenPlan: PlanFact.optional(),
  issue: IssueFact.optional(),
  chat: ChatFact.optional(),
  /** Fingerprint of the texts that were given; none in format 1. */
  texts: z.string().optional(),
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
  order: StartConditions.optional(),
  /** The fingerprint of the call that started it: the same call again returns this session. */
  startKey: z.string().optional(),
  settings: FrozenSettings,
  /** The sandbox level that was available at the start. */
  sandbox: z.enum(SANDBOX_LEVELS),
});
export type SessionFile = z.infer<typeof SessionFile>;

/** What is recorded of a start: the choices with every key that they have, because their bytes identify the session. */
export const KeptSessionFile = z.custom<SessionFile>((file) => SessionFile.safeParse(file).success);

/** The session's choices as they apply on this machine. */
export function atPlaces(
  { settings, ...file }: SessionFile,
  { sessionsDir, folder }: Pick<SessionFile, 'sessionsDir' | 'folder'>,
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
